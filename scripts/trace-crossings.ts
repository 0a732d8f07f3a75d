/**
 * Counts how many files of `src/` a request enters at run time, and how often it crosses from one folder into another:
 *
 *   node scripts/trace-crossings.ts [--root DIR] [--steps]
 *
 * It bundles the functions so that each function body reports its file (`trace/instrument.ts`), runs them in this
 * process against the local stand-ins of AWS and LipaChat, warms each path up, and traces one request. A crossing is
 * an entry into a file whose folder differs from the folder of the file entered before it. The last column leaves out
 * the entries into `platform`'s leaves: clock, ids, telemetry, and the table with its client and codec.
 *
 * `--root` traces another checkout, which needs its node_modules. `--steps` prints the files in the order of entry.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { encodeRecord } from '../src/lib/callbacks/received-callback.ts';
import { startTracedSystem } from './trace/system.ts';

const { values: options } = parseArgs({
  options: { root: { type: 'string', default: '.' }, steps: { type: 'boolean', default: false } },
});

/** Today's leaves, and under their names of 0.1. */
const LEAF = new RegExp(
  [
    'platform/(clock|deterministic-id|telemetry|dynamo-(table|client|codec|fields))\\.ts$',
    'domain/derived-id\\.ts$',
    'adapters/(system|telemetry|dynamo/(table|client|sha256|versioned))\\.ts$',
  ].join('|'),
);
const BUSINESS = '254110090747';
const MESSAGE = { from: BUSINESS, text: 'Hello', flowId: 'FLOW', flowCta: 'Share', screen: 'DETAILS' };

let trace: string[] | undefined;
Object.assign(globalThis, { entered: (file: string) => void trace?.push(file) });

const root = resolve(options.root);
const { call, http, campaignRecords, webhookSecret, simulatorUrl } = await startTracedSystem(root);

let customers = 0;
const newNumber = (): string => {
  customers += 1;
  return String(254_710_000_000 + customers);
};
/** A callback as its worker gets it. In a checkout without one, the webhook handles it. */
const webhook = (body: object) => {
  if (!existsSync(join(root, 'src/handlers/callbacks.ts')))
    return call('webhook', http('POST /v1/webhooks/lipachat/{secret}', body, { secret: webhookSecret }));
  const bytes = Buffer.from(JSON.stringify(body));
  const record = encodeRecord({ receivedAt: new Date(), correlationId: randomUUID(), bytes });
  return call('callbacks', { Records: [{ messageId: randomUUID(), receiptHandle: 'trace', body: record }] });
};
const inbound = (from: string) =>
  webhook({ messageId: randomUUID(), from, to: BUSINESS, type: 'TEXT', text: 'hello' });

/** A customer with an open window, here and in the simulator. */
const newCustomer = async (): Promise<string> => {
  const customer = newNumber();
  const body = JSON.stringify({ to: BUSINESS, text: 'join lipaflow', notify: false });
  const headers = { 'content-type': 'application/json' };
  await fetch(`${simulatorUrl}/__sim/customers/${customer}/messages`, { method: 'POST', headers, body });
  await inbound(customer);
  return customer;
};
const send = (to: string, messageId: string) =>
  call('flows', http('POST /v1/flows', { ...MESSAGE, to, messageId }));

/** An answer that is not a success was another path than the one to be traced. */
const assertSuccess = (name: string, result: unknown): void => {
  if (/"statusCode":2|"batchItemFailures":\[\]/.test(JSON.stringify(result))) return;
  throw new Error(`${name}: ${JSON.stringify(result)}`);
};

const campaigns: string[] = [];
const launchable = async () => {
  // A look at a running campaign reads every other one that is due.
  for (const campaignId of campaigns.splice(0)) {
    const cancel = http('POST /v1/campaigns/{campaignId}/cancel', {}, { campaignId });
    assertSuccess('cancel', await call('campaigns', cancel));
  }
  const numbers = await Promise.all([newCustomer(), newCustomer(), newCustomer()]);
  const recipients = { inline: numbers.map((to) => ({ to })) };
  const campaignId = randomUUID();
  campaigns.push(campaignId);
  return () =>
    call('campaigns', { campaignId, name: 'traced', perMinute: 4_800, message: MESSAGE, recipients });
};

/** What each path needs before it, and the request to trace. */
const PATHS: Record<string, () => Promise<() => Promise<unknown>>> = {
  'one send': async () => {
    const customer = await newCustomer();
    return () => send(customer, randomUUID());
  },
  'one recipient of a campaign': async () => {
    await (await launchable())();
    const [first] = await campaignRecords();
    return () => call('worker', { Records: [first] });
  },
  'a campaign of three, launched': launchable,
  'one status callback': async () => {
    const messageId = randomUUID();
    await send(await newCustomer(), messageId);
    return () => webhook({ event: 'MESSAGE_STATUS', messageStatus: { messageId, status: 'DELIVERED' } });
  },
  'one inbound message': () => Promise.resolve(() => inbound(newNumber())),
};

/** `campaigns/plan` and `messages/transitions` are parts of their rooms. */
const folderOf = (file: string): string => dirname(file).replace(/\/(plan|transitions)$/, '');

const crossings = (files: readonly string[]): number =>
  files.filter((file, n) => n > 0 && folderOf(file) !== folderOf(files[n - 1] ?? '')).length;

const print = (...columns: readonly (string | number)[]): void =>
  console.log(
    columns.map((column, n) => String(column)[n === 0 ? 'padEnd' : 'padStart'](n === 0 ? 30 : 14)).join(''),
  );

print('', 'files', 'crossings', 'without leaves');
for (const [name, prepare] of Object.entries(PATHS)) {
  assertSuccess(name, await (await prepare())());
  const request = await prepare();
  trace = [];
  assertSuccess(name, await request());
  const entered = trace;
  trace = undefined;
  const rooms = entered.filter((file) => !LEAF.test(file));
  print(name, new Set(entered).size, crossings(entered), crossings(rooms));
  if (options.steps) console.log(rooms.filter((file, n) => file !== rooms[n - 1]).join('\n'));
}
process.exit(0);
