/** dist/sendFlow.mjs, as Lambda loads it, in a process that has no network. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** What a process found. `stdout` and `stderr` are what the functions wrote. */
type Found = {
  ms: number;
  connections: number;
  /** What keeps the process alive, before and after the load. */
  before: string[];
  after: string[];
  /** Timers that exist after the load, whether or not they keep the process alive. */
  timers: number;
  /** The calls of a rehearsal after the load. */
  calls?: string[];
  statusCode?: number;
};

const dist = (file: string): string => fileURLToPath(new URL(`../../dist/${file}`, import.meta.url));

/** Loads `path`, then does `next`: `rehearse`, or nothing, or answer the event in JSON. */
const SCRIPT = `
import { createHook } from 'node:async_hooks';
import dns from 'node:dns';
import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';

const [path, next] = process.argv.slice(1);
let connections = 0;
const offline = () => {
  connections += 1;
  throw Object.assign(new Error('offline'), { code: 'ENETDOWN' });
};
Object.assign(net.Socket.prototype, { connect: offline });
Object.assign(dns, { lookup: offline, resolve: offline });
const timers = new Set();
createHook({
  init: (id, type) => type === 'Timeout' && timers.add(id),
  destroy: (id) => timers.delete(id),
}).enable();
// Pipes that any log opens.
const logs = [process.stdout, process.stderr];
const before = process.getActiveResourcesInfo();
const began = performance.now();
const { handler, rehearse } = path.endsWith('.cjs') ? createRequire(path)(path) : await import(path);
const found = { ms: performance.now() - began, connections, before, after: process.getActiveResourcesInfo() };
// Node tells of an ended timer in a later turn.
for (let n = 0; n < 3; n += 1) await new Promise(setImmediate);
found.timers = timers.size;
if (next === 'rehearse') found.calls = await rehearse();
else if (next) found.statusCode = (await handler(JSON.parse(next), {})).statusCode;
found.connections = connections;
writeSync(3, JSON.stringify(found));
`;

const ENVIRONMENT = {
  TABLE_NAME: 'none',
  DELIVERY_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/000000000000/none',
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
};
const UNREACHABLE = {
  AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
  LIPACHAT_BASE_URL: 'http://127.0.0.1:1/api/v1',
};
const FLOW = {
  messageId: 'real',
  ...{ to: '254717746565', from: '254110090747', text: 'x', flowId: 'x', flowCta: 'x', screen: 'X' },
};

function load(file: string, { next = '', env = {} }: { next?: string; env?: Record<string, string> } = {}) {
  const { stdout, stderr, output, status } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', SCRIPT, dist(file), next],
    { env: { ...ENVIRONMENT, ...env }, stdio: ['ignore', 'pipe', 'pipe', 'pipe'], encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`${file}: ${stdout}${stderr}`);
  const found = JSON.parse(output[3] ?? '') as Found;
  return { ...found, written: `${stdout}${stderr}` };
}

describe('sendFlow, loaded as a module', () => {
  it.each([
    ['AWS and LipaChat as they are', {}],
    ['endpoints that do not exist', UNREACHABLE],
    ['one more write per send', { AMBIGUOUS_OUTCOME: 'hold' }],
  ])('opens no connection, writes nothing and leaves nothing running, with %s', (_, env) => {
    const { before, after, ...found } = load('sendFlow.mjs', { env });
    expect(found).toMatchObject({ connections: 0, written: '', timers: 0 });
    expect(after).toEqual(before);
  });

  it('sends over the network afterwards, and never out of memory', () => {
    const found = load('sendFlow.mjs', { next: JSON.stringify(FLOW) });
    expect(found.statusCode).toBe(503);
    expect(found.connections).toBeGreaterThan(0);
  });

  it('starts without a rehearsal that fails, with one warning', () => {
    // The SDK signs nothing without a key.
    const found = load('sendFlow.mjs', { next: '{}', env: { AWS_ACCESS_KEY_ID: '' } });
    expect(found).toMatchObject({ statusCode: 400, connections: 0, timers: 0 });
    expect(found.ms).toBeLessThan(5_000);
    const lines = found.written.trim().split('\n');
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines.find((line) => line.includes('WARN')) ?? '')).toMatchObject({
      message: 'rehearsal.failed',
      service: 'sendFlow',
      fault: 'Error',
      calls: [],
    });
  });
});

describe('the bundle of sendFlow', () => {
  it('rehearses all calls of a send: claim, window, apiKey, LipaChat, settle', () => {
    const found = load('sendFlow.cjs', { next: 'rehearse' });
    expect(found).toMatchObject({ connections: 0, written: '' });
    expect(found.calls?.slice(0, 3).toSorted()).toEqual(['GetItem', 'GetParameter', 'PutItem']);
    expect(found.calls?.slice(3)).toEqual(['sendFlow', 'PutItem']);
  });

  it('rehearses nothing by itself', () => {
    expect(load('sendFlow.cjs', { env: { AWS_ACCESS_KEY_ID: '' } }).written).toBe('');
  });
});
