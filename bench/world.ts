/**
 * The environment of every measurement: embedded AWS at a distance, a LipaChat, an open window, and both
 * candidates.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { build } from 'esbuild';
import { readStack } from '../local/stack.ts';
import { systemClock, systemRandom } from '../src/lib/platform/clock.ts';
import { makeTable } from '../src/lib/platform/dynamo-table.ts';
import { makeSessionStore } from '../src/lib/sessions/dynamo-sessions.ts';
import type { Pair } from '../src/lib/whatsapp/phone.ts';
import { loadedFile } from '../test/support/bootstrap.ts';
import { stopChildren } from '../test/support/children.ts';
import { httpEvent } from '../test/support/http-event.ts';
import { type StandIns, spawnStandIns } from '../test/support/stand-ins.ts';
import {
  type Bundle,
  type BundleOptions,
  type Call,
  callOnStart,
  type StartOptions,
  startBundle,
} from './bundle.ts';

export const PAIR = { business: '254110090747', customer: '254717746565' } as Pair;
/** Added by the stand-in to each AWS call: DynamoDB's usual response time, seen from a Lambda function. */
export const AWS_LATENCY_MS = 4;
export const GATEWAY_LATENCY_MS = 50;

export type Candidate = 'lipaflow' | 'peer';
export type World = Awaited<ReturnType<typeof openWorld>>;

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** What Lambda loads: the module that rehearses, for a function that has one. */
export const startOf = (name: string) => loadedFile(file(`../dist/${name}`));
export const bundleOf = (name: string) => file(`../dist/${name}.cjs`);

/** In MB, from serverless.yml. */
export function memoryOf(name: string): number {
  const definition = readStack().functions[name];
  if (!definition) throw new Error(`serverless.yml has no function ${name}`);
  return definition.memoryMb;
}

/** Builds the peer as it would be deployed: bundled and minified by esbuild. */
export async function buildPeer(): Promise<{ path: string; remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'lipaflow-bench-'));
  const path = join(folder, 'peer.cjs');
  await build({
    entryPoints: [file('peers/powertools.ts')],
    outfile: path,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    mainFields: ['module', 'main'],
    logLevel: 'warning',
  });
  return { path, remove: () => rmSync(folder, { recursive: true }) };
}

/** A flow with a new id, as an API event. `more` is added to its body. */
export function flowEvent(
  messageId: string = randomUUID(),
  { headers = {}, ...more }: { readonly headers?: object; readonly to?: string; whenClosed?: string } = {},
): object {
  const { business: from, customer: to } = PAIR;
  const words = { text: 'Thank you share your details and one of our agents will be in touch' };
  const flow = { flowId: 'YOUR_FLOW_ID', flowCta: 'Share Details!', screen: 'FIRST' };
  return httpEvent({
    method: 'POST',
    path: '/v1/flows',
    headers: {
      authorization: 'Bearer bench',
      accept: '*/*',
      host: 'bench.execute-api.eu-west-1.amazonaws.com',
      ...headers,
    },
    authorizer: { clientId: 'bench', scopes: 'send read' },
    body: {
      messageId,
      to,
      from,
      ...words,
      ...flow,
      data: { service: '', serviceOption: '', package: '' },
      ...more,
    },
  });
}

async function openWindow({ aws, environment }: StandIns): Promise<void> {
  const client = new DynamoDBClient({
    endpoint: aws.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  });
  const table = makeTable({
    client,
    tableName: environment.TABLE_NAME,
    clock: systemClock,
    random: systemRandom,
  });
  const now = new Date();
  const window = { openedAt: now, lastInboundAt: now, expiresAt: new Date(now.getTime() + 86_400_000) };
  await makeSessionStore(table).create({ pair: PAIR, window, consent: undefined, paceUntil: undefined });
  client.destroy();
}

/** `settings` apply to LipaFlow's functions. */
export async function openWorld(peerPath: string, settings: Record<string, string> = {}) {
  const standIns = await spawnStandIns({ settings });
  await openWindow(standIns);
  const environment = { ...standIns.environment, AWS_LAMBDA_FUNCTION_NAME: 'bench' };
  /** The peer has the memory of `sendFlow`. */
  const bundleOptions = (which: Candidate, more: Record<string, string>): BundleOptions => ({
    path: which === 'peer' ? peerPath : startOf('sendFlow'),
    env: { ...environment, ...more },
    memoryMb: memoryOf('sendFlow'),
  });
  return {
    ...standIns,
    /** Starts a function by name. */
    start: (name: string, more: Record<string, string> = {}): Promise<Bundle> => {
      return startBundle({
        path: startOf(name),
        env: { ...environment, ...more },
        memoryMb: memoryOf(name),
      });
    },
    candidate: (which: Candidate, more: Record<string, string> = {}, options: StartOptions = {}) =>
      startBundle({ ...bundleOptions(which, more), ...options }),
    /** One call in a new process, whose event is already waiting when it starts. */
    callOnStart: (which: Candidate, more: Record<string, string>, options: StartOptions, event: object) =>
      callOnStart({ ...bundleOptions(which, more), ...options }, event),
    /** Puts AWS at this distance; ms a call. */
    far: async (ms = AWS_LATENCY_MS) => {
      await standIns.aws.clearFaults();
      await standIns.aws.addFaults({ target: '*', fault: 'delay', ms, times: null });
    },
    close: () => stopChildren(),
  };
}

/** Throws unless the call returned this status, so that no failure is measured. */
export function expectStatus(call: Call, status: number): Call {
  if (call.answer?.statusCode === status) return call;
  throw new Error(`expected ${status}: ${JSON.stringify(call)}`);
}
