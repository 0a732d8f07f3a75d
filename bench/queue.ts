/** A queue that accepts everything after `latencyMs`, and gives it out again when it is asked. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

interface QueueStub {
  readonly url: string;
  /** The bodies of all messages since it was last asked. */
  takeAll(): string[];
  close(): void;
}

interface SendInput {
  readonly MessageBody?: string;
  readonly Entries?: readonly { readonly Id: string; readonly MessageBody: string }[];
}

/** The SDK compares it. */
const md5 = (body: string): string => createHash('md5').update(body).digest('hex');

function answerTo({ MessageBody, Entries = [] }: SendInput): object {
  if (MessageBody !== undefined) return { MessageId: 'one', MD5OfMessageBody: md5(MessageBody) };
  const Successful = Entries.map(({ Id, MessageBody: body }) => {
    return { Id, MessageId: Id, MD5OfMessageBody: md5(body) };
  });
  return { Successful, Failed: [] };
}

export async function startQueueStub({ latencyMs, name }: { latencyMs: number; name: string }) {
  let bodies: string[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request.setEncoding('utf8')) text += part;
    const input = JSON.parse(text) as SendInput;
    if (latencyMs > 0) await sleep(latencyMs);
    if (input.MessageBody !== undefined) bodies.push(input.MessageBody);
    for (const { MessageBody } of input.Entries ?? []) bodies.push(MessageBody);
    response.setHeader('content-type', 'application/x-amz-json-1.0');
    response.end(JSON.stringify(answerTo(input)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const takeAll = () => {
    const taken = bodies;
    bodies = [];
    return taken;
  };
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}/000000000000/${name}`, takeAll, close } satisfies QueueStub;
}
