/** What happens to each function that is frozen: an event, its answer, and what must have come of it. */
import { randomUUID } from 'node:crypto';
import type { StreamRecord } from '../../../local/aws/stream.ts';
import { encodeRecord } from '../../../src/lib/callbacks/received-callback.ts';
import type { Fleet, Flow } from '../fleet/fleet.ts';
import { eventsOf } from '../fleet/lanes.ts';
import { until } from '../fleet/wait.ts';
import { httpEvent } from '../http-event.ts';
import type { Outcome } from './environment.ts';
import type { Happening } from './schedules.ts';

/** By the function's name in serverless.yml: makes the next event for it. */
export type Subjects = Record<string, () => Promise<Happening>>;

/** The records of one batch, which are handled at once. */
const BATCH = 3;

const inWords = (outcome: Outcome): string => JSON.stringify(outcome).slice(0, 300);

/** An answer over HTTP with this status. */
const answers =
  (status: number): Happening['faultOf'] =>
  (outcome) =>
    (outcome.result as { statusCode?: number } | undefined)?.statusCode === status
      ? undefined
      : inWords(outcome);

/** The answer to a batch in which nothing failed. */
const failsNothing: Happening['faultOf'] = (outcome) =>
  (outcome.result as { batchItemFailures?: unknown[] } | undefined)?.batchItemFailures?.length === 0
    ? undefined
    : inWords(outcome);

const deliveredOnce = async ({ lipachat }: Fleet, messageId: string): Promise<string | undefined> => {
  const { length } = await lipachat.deliveries(messageId);
  return length === 1 ? undefined : `${messageId} was delivered ${length} times`;
};

const sent = async (fleet: Fleet): Promise<Flow> => {
  const flow = fleet.flow();
  const { status, text } = await fleet.send(flow);
  if (status !== 201) throw new Error(`not sent: ${text}`);
  return flow;
};

const sendFlow = (fleet: Fleet) => (): Promise<Happening> => {
  const flow = fleet.flow();
  const authorizer = { clientId: 'frozen', scopes: 'send read' };
  return Promise.resolve({
    event: httpEvent({ method: 'POST', path: '/v1/flows', body: flow, authorizer }),
    faultOf: answers(201),
    metrics: { 'gateway.accepted': 1 },
    effects: () => deliveredOnce(fleet, flow.messageId),
  });
};

const worker = (fleet: Fleet) => async (): Promise<Happening> => {
  const flows = Array.from({ length: BATCH }, () => fleet.flow());
  for (const flow of flows) {
    const { status, text } = await fleet.send(flow, { headers: { prefer: 'respond-async' } });
    if (status !== 202) throw new Error(`not queued: ${text}`);
  }
  const Records = flows.map(({ messageId }) => ({
    messageId: randomUUID(),
    body: JSON.stringify({ messageId }),
  }));
  return {
    event: { Records },
    faultOf: failsNothing,
    metrics: { 'gateway.accepted': BATCH },
    effects: async () => {
      const found = await Promise.all(flows.map(({ messageId }) => deliveredOnce(fleet, messageId)));
      return found.find((fault) => fault !== undefined);
    },
  };
};

/** LipaChat reports that a message was delivered. */
const report = (messageId: string) => ({
  event: 'MESSAGE_STATUS',
  messageStatus: { messageId, status: 'DELIVERED', statusDesc: 'Delivered' },
});

const isDelivered = async (fleet: Fleet, messageId: string): Promise<string | undefined> => {
  const { status } = (await fleet.message(messageId)).json;
  return status === 'delivered' ? undefined : `${messageId} is ${status}`;
};

/** The fleet's own worker gives the callback its effects, out of the queue. */
const webhook = (fleet: Fleet) => async (): Promise<Happening> => {
  const { messageId } = await sent(fleet);
  return {
    event: httpEvent({
      method: 'POST',
      path: '/v1/webhooks/lipachat/{secret}',
      pathParameters: { secret: fleet.webhookSecret },
      body: report(messageId),
    }),
    faultOf: answers(200),
    // Checked, and nothing to count.
    metrics: {},
    effects: async () => {
      await until(`${messageId} to be delivered`, async () => !(await isDelivered(fleet, messageId)));
      return undefined;
    },
  };
};

const callbacks = (fleet: Fleet) => async (): Promise<Happening> => {
  const flows = await Promise.all(Array.from({ length: BATCH }, () => sent(fleet)));
  const Records = flows.map(({ messageId }) => {
    const bytes = Buffer.from(JSON.stringify(report(messageId)));
    const body = encodeRecord({ receivedAt: new Date(), correlationId: randomUUID(), bytes });
    return { messageId: randomUUID(), receiptHandle: 'none', body };
  });
  return {
    event: { Records },
    faultOf: failsNothing,
    metrics: { 'callback.entries': BATCH, 'callback.status': BATCH },
    effects: async () => {
      const found = await Promise.all(flows.map(({ messageId }) => isDelivered(fleet, messageId)));
      return found.find((fault) => fault !== undefined);
    },
  };
};

/** The changes of each message, by its id. */
const changesOf = ({ aws }: Fleet) => {
  const changes = new Map<string, Map<string, StreamRecord>>();
  let after: string | undefined;
  return async (messageId: string): Promise<StreamRecord[]> => {
    const records = await aws.stream({ after, limit: 10_000 });
    after = records.at(-1)?.dynamodb.SequenceNumber ?? after;
    for (const record of records) {
      const { Keys, SequenceNumber } = record.dynamodb;
      const id = Keys['pk']?.S?.replace(/^message#/, '') ?? '';
      changes.set(id, (changes.get(id) ?? new Map<string, StreamRecord>()).set(SequenceNumber, record));
    }
    return [...(changes.get(messageId)?.values() ?? [])];
  };
};

/** The changes of one message that was sent. */
const publisher = (fleet: Fleet) => {
  const changes = changesOf(fleet);
  return async (): Promise<Happening> => {
    const { messageId } = await sent(fleet);
    return {
      event: { Records: await changes(messageId) },
      faultOf: failsNothing,
      metrics: { 'message.sent': 1 },
      effects: async () => {
        const told = await eventsOf(fleet, messageId);
        return told.some(({ type }) => type === 'message.sent') ? undefined : `${messageId}: no event`;
      },
    };
  };
};

export const subjectsOf = (fleet: Fleet): Subjects => ({
  sendFlow: sendFlow(fleet),
  webhook: webhook(fleet),
  callbacks: callbacks(fleet),
  worker: worker(fleet),
  publisher: publisher(fleet),
});
