/** A server on loopback that stands in for AWS: DynamoDB, SSM, EventBridge, and a control API. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { guarded } from '../guard.ts';
import { listen, readBody } from '../http-server.ts';
import { createControl } from './control.ts';
import { startEngine } from './engine.ts';
import { createEventBus, type EventsInput } from './events.ts';
import { createFaults, type Strike } from './faults.ts';
import { withFences } from './fences.ts';
import { createParameters, type SsmInput } from './parameters.ts';
import type { ReadStream } from './stream.ts';
import { readTable } from './table.ts';
import type { AwsAnswer } from './wire.ts';

export type AwsOptions = {
  /** 0 for any free port. */
  port: number;
  tableName: string;
  /** SSM parameters by name, all SecureStrings. */
  parameters: Record<string, string>;
};

export type Aws = {
  url: string;
  setParameter: (name: string, value: string) => void;
  /** Writes one item in DynamoDB JSON. */
  putItem: (item: Record<string, AttributeValue>) => Promise<void>;
  /** The table's stream. */
  readStream: ReadStream;
  close: () => Promise<void>;
};

type Request = {
  headers: IncomingMessage['headers'];
  operation: string;
  body: Buffer;
  /** Set only while a fail-entries fault hits PutEvents. */
  failsEntry?: () => boolean;
};
type Service = {
  apply: (request: Request) => AwsAnswer | Promise<AwsAnswer>;
  throttled: string;
  broken: string;
};

const MAX_REQUEST_BYTES = 16 * 1024 * 1024;
const DYNAMODB_ERROR = 'com.amazonaws.dynamodb.v20120810#';

const errorAnswer = (status: number, type: string): AwsAnswer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify({ __type: type, message: 'Injected by /__aws/faults' }),
});

const send = (response: ServerResponse, { status, headers, body }: AwsAnswer): void => {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
};

const serviceOf = (services: Record<string, Service>, target: string): Service | undefined =>
  services[target.split('_')[0]?.split('.')[0] ?? ''];

/** Answers a call, or ends its connection, according to the fault. */
const withFault = async (
  fault: Strike,
  service: Service,
  request: Request,
  response: ServerResponse,
): Promise<void> => {
  switch (fault.fault) {
    case 'hang':
      return;
    case 'throttle':
      return send(response, errorAnswer(400, service.throttled));
    case 'denied':
      return send(response, errorAnswer(400, 'AccessDeniedException'));
    case 'unavailable':
      return send(response, errorAnswer(500, service.broken));
    case 'delay':
      await delay(fault.ms);
      return send(response, await service.apply(request));
    case 'fail-entries':
      return send(response, await service.apply({ ...request, failsEntry: fault.failsEntry }));
    case 'apply-then-reset':
      await service.apply(request);
      response.socket?.resetAndDestroy();
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
  }
};

/**
 * Starts DynamoDB with the table of infra/table.yml, SSM with `parameters`, and EventBridge without rules.
 * The table takes of a function what its role allows.
 * Rejects with EADDRINUSE if the port is taken.
 */
export const startAws = async ({ port, tableName, parameters }: AwsOptions): Promise<Aws> => {
  const engine = await startEngine(readTable(tableName));
  const store = createParameters();
  for (const [name, value] of Object.entries(parameters)) store.set(name, value);
  const faults = createFaults();
  const bus = createEventBus();
  const { dump, readStream } = engine;
  const callTable = withFences(engine.call);
  const control = createControl({ faults, setParameter: store.set, dump, readStream, bus });

  const services: Record<string, Service> = {
    DynamoDB: {
      apply: ({ headers, body }) => callTable({ headers, body }),
      throttled: `${DYNAMODB_ERROR}ProvisionedThroughputExceededException`,
      broken: `${DYNAMODB_ERROR}InternalServerError`,
    },
    AmazonSSM: {
      apply: ({ operation, body }) => store.answer(operation, JSON.parse(body.toString()) as SsmInput),
      throttled: 'ThrottlingException',
      broken: 'InternalServerError',
    },
    AWSEvents: {
      apply: ({ operation, body, failsEntry }) =>
        bus.answer(operation, JSON.parse(body.toString()) as EventsInput, failsEntry),
      throttled: 'ThrottlingException',
      broken: 'InternalException',
    },
  };

  const answerControl = async (
    request: IncomingMessage,
    url: URL,
    body: Buffer,
    response: ServerResponse,
  ) => {
    const answer = await control(request.method ?? 'GET', url, body.toString());
    const text = answer.body === undefined ? '' : JSON.stringify(answer.body);
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = (await readBody(request, MAX_REQUEST_BYTES)) ?? Buffer.alloc(0);
    const url = new URL(request.url ?? '/', 'http://aws.local');
    if (url.pathname.startsWith('/__aws/')) return answerControl(request, url, body, response);

    const target = String(request.headers['x-amz-target'] ?? '');
    const service = serviceOf(services, target);
    if (!service) return send(response, errorAnswer(400, 'UnknownOperationException'));
    const operation = target.split('.')[1] ?? '';
    const call = { headers: request.headers, operation, body };
    const fault = faults.meet(operation, body.toString());
    if (fault) return withFault(fault, service, call, response);
    send(response, await service.apply(call));
  };

  const answerAll: RequestListener = (request, response) => {
    // A client may disconnect during its request. Any other error is a fault of the stand-in.
    answer(request, response).catch((error: unknown) => {
      if (!request.destroyed || request.complete) console.error('aws stand-in:', error);
      response.destroy();
    });
  };
  const server = createServer(guarded(answerAll, { plainBodies: 'refused' }));
  const { url, close } = await listen(server, port);
  return { url, setParameter: store.set, putItem: engine.putItem, readStream, close };
};
