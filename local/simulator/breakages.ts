import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip, type Gzip } from 'node:zlib';
import type { Breakage } from './fault-kinds.ts';
import { type Answer, parseJson, sendAnswer } from './http.ts';

type BreakageOf<K extends Breakage['kind']> = Extract<Breakage, { kind: K }>;

/**
 * `settle` does the gateway's own work (it may deliver) and returns the response that it would send. `signal` aborts all
 * waiting when the simulator closes.
 */
type Stage = { response: ServerResponse; settle: () => Promise<Answer>; signal: AbortSignal };
type Breakers = { [K in Breakage['kind']]: (fault: BreakageOf<K>, stage: Stage) => Promise<void> | void };

const breakers: Breakers = {
  'reset-before-accept': (_fault, { response }) => reset(response),
  'silence-before-accept': (_fault, { response }) => untilClientLeaves(response),
  'accept-then-reset': async (_fault, { response, settle }) => {
    await settle();
    reset(response);
  },
  'accept-then-silence': async (_fault, { response, settle }) => {
    await settle();
    await untilClientLeaves(response);
  },
  slow: async ({ delayMs, acceptFirst }, { response, settle, signal }) => {
    const early = acceptFirst ? await settle() : undefined;
    await sleep(delayMs, undefined, { signal });
    sendAnswer(response, early ?? (await settle()));
  },
  'slow-drip': async ({ intervalMs }, { response, settle, signal }) => {
    const bytes = begin(response, await settle());
    for (const byte of bytes) {
      if (response.destroyed) return;
      response.write(Buffer.from([byte]));
      await sleep(intervalMs, undefined, { signal });
    }
    response.end();
  },
  'cut-body': async (_fault, { response, settle }) => {
    const bytes = begin(response, await settle());
    // Only once half of it has left: destroying at once would lose the headers too.
    response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
  },
  'no-messageId-echo': async (_fault, { response, settle }) => {
    const answer = await settle();
    sendAnswer(response, { ...answer, body: JSON.stringify(withOtherMessageId(parseJson(answer.body))) });
  },
  'huge-body': async (fault, { response, settle }) => {
    if (fault.accepted) await settle();
    response.writeHead(200, { 'content-type': 'application/json' });
    await stream([Readable.from(repeated('x', fault.bytes)), response]);
  },
  'gzip-bomb': async (fault, { response, settle }) => {
    if (fault.accepted) await settle();
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
    const zeros = Readable.from(repeated('\0', fault.megabytes * 1024 * 1024));
    await stream([zeros, createGzip({ level: 9 }), response]);
  },
};

/** Plays a wire fault. Resolves when nothing more will be written. */
export async function breakDown(fault: Breakage, stage: Stage): Promise<void> {
  await breakByKind(fault.kind, fault, stage);
}

/** TypeScript needs a type parameter to tie a kind to its fault. */
function breakByKind<K extends Breakage['kind']>(kind: K, fault: BreakageOf<K>, stage: Stage) {
  return breakers[kind](fault, stage);
}

/** A TCP reset (RST), not an orderly end. */
function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}

async function untilClientLeaves(response: ServerResponse): Promise<void> {
  if (!response.destroyed) await once(response, 'close');
}

function begin(response: ServerResponse, answer: Answer): Buffer {
  const bytes = Buffer.from(answer.body);
  response.writeHead(answer.status, { ...answer.headers, 'content-length': bytes.length });
  response.flushHeaders();
  return bytes;
}

function withOtherMessageId(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('data' in body)) return body;
  if (typeof body.data !== 'object' || body.data === null) return body;
  return { ...body, data: { ...body.data, messageId: randomUUID() } };
}

function* repeated(character: string, bytes: number): Generator<Buffer> {
  const block = Buffer.alloc(Math.min(65_536, bytes), character);
  for (let left = bytes; left > 0; left -= block.length)
    yield block.subarray(0, Math.min(left, block.length));
}

/** Streams with backpressure. These faults expect clients to disconnect early, so that is no error. */
async function stream(stages: (Readable | Gzip | ServerResponse)[]): Promise<void> {
  await pipeline(stages).catch(() => undefined);
}
