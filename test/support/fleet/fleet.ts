/**
 * LipaFlow as it runs on AWS: stand-ins for AWS and LipaChat, functions from dist/, and the HTTP API before them.
 * Functions share a process where nothing but their code differs; a test that kills, stops or measures processes
 * asks for `ownProcesses`. Secrets and numbers are canaries, and stopping the fleet fails if one leaked.
 */
import { randomUUID } from 'node:crypto';
import { stopChildren } from '../children.ts';
import { startFrontDoor } from '../front-door.ts';
import { httpEvent } from '../http-event.ts';
import type { SpawnSqsOptions } from '../sqs.ts';
import { type StandIns, spawnStandIns } from '../stand-ins.ts';
import type { HttpResult, Worker } from '../worker.ts';
import { type Answer, answerOfFunction, answerOfHttp } from './answer.ts';
import { type CallbackOptions, type CallbackPump, startCallbackPump } from './callbacks.ts';
import { type Canaries, createCanaries, foundIn } from './canaries.ts';
import { createLipaChat, type LipaChat } from './lipachat.ts';
import { createSpawn } from './processes.ts';
import { type ClientOptions, createFleetTable, type FleetTable } from './table.ts';

export type Flow = ReturnType<typeof flowBody>;
type Request = { token?: string | null; headers?: Record<string, string>; body?: unknown };
export type SweepReport = { due: number; finished: number; failed: number; unmatchedStatuses: number };

export type Fleet = StandIns & {
  url: string;
  canaries: Canaries;
  lipachat: LipaChat;
  table: FleetTable;
  /** What is behind the HTTP API by function; a test may take one out and put another in. */
  workers: Record<string, Worker[]>;
  /** Of a client with the scopes send, read and consent. */
  token: string;
  /** A business number, and a customer whose window with it is open. */
  business: string;
  customer: string;
  newCustomer: () => Promise<string>;
  newClient: (scopes: string[], options?: ClientOptions) => Promise<string>;
  /** A valid flow with a new id. */
  flow: (fields?: Partial<Flow>) => Flow;
  call: (method: string, path: string, request?: Request) => Promise<Answer>;
  send: (flow: object, request?: Omit<Request, 'body'>) => Promise<Answer>;
  message: (messageId: string) => Promise<Answer>;
  /** What the webhook stored, and its worker. */
  callbacks: CallbackPump;
  /** Straight into a process: nothing but the function is between. */
  sendThrough: (worker: Worker, flow: object, options?: { timeoutMs?: number }) => Promise<Answer>;
  /** One more instance, with settings of its own. */
  spawn: (functionName: string, settings?: Record<string, string>) => Promise<Worker>;
  /** Ends what is behind a function of the HTTP API and puts others in its place. */
  replace: (functionName: string, settings: Record<string, string>) => Promise<void>;
  /** Where secrets or numbers came out, and what a role did not allow, in words. */
  leaks: () => Promise<string[]>;
  stop: () => Promise<void>;
};

export type FleetOptions = {
  /** Contract §5's settings, for all functions. */
  settings?: Record<string, string>;
  /** How many instances of each function. One of those behind the API where it isn't said, and none of others. */
  counts?: Record<string, number>;
  /** An operating system process for each instance, as on Lambda: `kill`, signals and memory are its own. */
  ownProcesses?: boolean;
  /** By default as infra/queues.yml has them. */
  queues?: SpawnSqsOptions;
  /** The worker of LipaChat's callbacks. */
  callbacks?: CallbackOptions;
};

const API = ['authorizer', 'sendFlow', 'readApi', 'webhook', 'callbacks'];
const CLIENT = { clientId: 'fleet', scopes: ['send', 'read', 'consent'] };

const flowBody = (to: string, from: string) => ({
  messageId: randomUUID() as string,
  to,
  from,
  text: 'Thank you share your details and one of our agents will be in touch',
  flowId: 'YOUR_FLOW_ID',
  flowCta: 'Share Details!',
  screen: 'First screen in your JSON request',
  data: { service: '', serviceOption: '', package: '' } as Record<string, unknown>,
});

type Clock = { frozen: number } | { ahead: number } | { fast: number; since: number };

const clockWords = (at: Clock): string => {
  if ('frozen' in at) return `frozen:${at.frozen}`;
  return 'fast' in at ? `fast:${at.since}:${at.fast}` : `ahead:${at.ahead}`;
};

/** A clock for `spawn`: frozen, ahead of the others by milliseconds, or (`fast`) so many times as fast as the wall's. */
export const clock = (at: Clock): Record<string, string> => ({
  NODE_OPTIONS: `--import=${new URL('./clock.ts', import.meta.url).href}`,
  FLEET_CLOCK: clockWords(at),
});

/** One tick of a sweeper process, which scans all of the table, so that it finds every claim that a crash left. */
export const sweep = (sweeper: Worker): Promise<SweepReport> =>
  sweeper.invoke<SweepReport>({ segment: 0, of: 1 });

/** Starts all of it on free ports, with one customer who has written in. */
export const startFleet = async (options: FleetOptions = {}): Promise<Fleet> => {
  const { settings = {}, queues = {}, ownProcesses = false } = options;
  const { counts = {} } = options;
  // A test that has several webhooks wants its callbacks handled at once.
  const countOf = (name: string): number =>
    counts[name] ?? (name === 'callbacks' ? (counts['webhook'] ?? 1) : 1);
  const canaries = createCanaries();
  const standIns = await spawnStandIns({ ...canaries, settings, queues });
  const { aws, simulator, environment } = standIns;
  const lipachat = createLipaChat(simulator);
  const table = createFleetTable(aws, environment.TABLE_NAME);
  const { spawn, outputs } = createSpawn(environment, ownProcesses);
  const answers: Answer[] = [];
  const noted = (answer: Answer): Answer => {
    answers.push(answer);
    return answer;
  };

  const spawnAll = (name: string) => Promise.all(Array.from({ length: countOf(name) }, () => spawn(name)));
  const functions = [...new Set([...API, ...Object.keys(counts)])];
  const spawned = await Promise.all(functions.map(async (name) => [name, await spawnAll(name)] as const));
  const workers: Record<string, Worker[]> = Object.fromEntries(spawned);
  const callbacks = startCallbackPump({
    ...options.callbacks,
    sqs: standIns.sqs,
    workers: workers['callbacks'] ?? [],
  });
  const auth = await startFrontDoor(workers, { webhook: callbacks.throughWebhook });
  await lipachat.configure({ webhookUrl: `${auth.url}/v1/webhooks/lipachat/${standIns.webhookSecret}` });

  /** In the table, and nowhere else. */
  const namespaceKeys: string[] = [];
  const newClient: Fleet['newClient'] = async (scopes, options = {}) => {
    if (options.namespace) namespaceKeys.push(options.namespace.key);
    const token = canaries.secret('token');
    await table.addClient({ token, clientId: `client-${randomUUID()}`, scopes, ...options });
    return token;
  };
  const token = canaries.secret('token');
  await table.addClient({ token, ...CLIENT });

  const business = canaries.number();
  const newCustomer: Fleet['newCustomer'] = async () => {
    const customer = canaries.number();
    await lipachat.writeIn(customer, { to: business });
    return customer;
  };
  const customer = await newCustomer();

  const call: Fleet['call'] = async (method, path, request = {}) => {
    const { token: bearer = token, headers = {}, body } = request;
    const response = await fetch(auth.url + path, {
      method,
      headers: {
        ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return noted(await answerOfHttp(response));
  };

  const sendThrough: Fleet['sendThrough'] = async (worker, flow, options) => {
    const authorizer = { clientId: CLIENT.clientId, scopes: CLIENT.scopes.join(' ') };
    const event = httpEvent({ method: 'POST', path: '/v1/flows', body: flow, authorizer });
    return noted(answerOfFunction(await worker.invoke<HttpResult>(event, options)));
  };

  const replace: Fleet['replace'] = async (name, own) => {
    const before = workers[name] ?? [];
    const fresh = await Promise.all(before.map(() => spawn(name, own)));
    await Promise.all(before.splice(0, before.length, ...fresh).map((worker) => worker.stop()));
  };

  const leaks = async (): Promise<string[]> => {
    const { secrets, numbers } = canaries;
    const printed = [aws.output(), simulator.output(), ...outputs()].join('\n');
    const answered = JSON.stringify(answers);
    const stored = await table.asText();
    const refused = aws.output().match(/^refused: .*/gm) ?? [];
    return [
      ...new Set(refused),
      ...foundIn(printed, [...secrets, ...numbers, ...namespaceKeys]).map(
        (canary) => `${canary} in a process's output`,
      ),
      ...foundIn(answered, [...secrets, ...namespaceKeys]).map((canary) => `${canary} in an answer`),
      ...foundIn(stored, secrets).map((canary) => `${canary} in the table`),
    ];
  };

  const stop = async (): Promise<void> => {
    const leaked = await leaks();
    await auth.close();
    await callbacks.close();
    await stopChildren();
    if (leaked.length > 0) throw new Error(`leaked or refused: ${leaked.join('; ')}`);
  };

  return {
    ...standIns,
    url: auth.url,
    canaries,
    lipachat,
    table,
    workers,
    callbacks,
    token,
    business,
    customer,
    newCustomer,
    newClient,
    flow: (fields = {}) => ({ ...flowBody(customer, business), ...fields }),
    call,
    send: (flow, request = {}) => call('POST', '/v1/flows', { ...request, body: flow }),
    message: (messageId) => call('GET', `/v1/messages/${messageId}`),
    sendThrough,
    spawn,
    replace,
    leaks,
    stop,
  };
};
