import type { IncomingMessage, ServerResponse } from 'node:http';

/** A response before it is written: faults may cut, drip or replace it. */
export type Answer = { status: number; headers: Record<string, string>; body: string };

export function jsonAnswer(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

export function sendAnswer(response: ServerResponse, answer: Answer): void {
  if (response.destroyed) return;
  response.writeHead(answer.status, { 'content-length': Buffer.byteLength(answer.body), ...answer.headers });
  response.end(answer.body);
}

/** Reads a whole body as UTF-8; undefined if it exceeds `maxBytes`. Throws if the client disconnects. */
export async function readText(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
  }
  return size > maxBytes ? undefined : Buffer.concat(chunks).toString('utf8');
}

/** The parsed JSON; undefined if the text is not JSON, which itself has no undefined. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const digitsOf = (number: string): string => number.replace(/^\+/, '');
