import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { stopChildren } from '../support/children.ts';
import { httpEvent } from '../support/http-event.ts';
import { spawnFunction, type Worker } from '../support/worker.ts';

const BUNDLE = `
exports.handler = async (event, context) => {
  console.log('asked ' + event.do);
  if (event.do === 'throw') throw new TypeError('no good');
  if (event.do === 'wait') await new Promise((resolve) => setTimeout(resolve, event.ms));
  return { statusCode: 200, event, setting: process.env.SETTING, name: context.functionName };
};
`;

const directory = mkdtempSync(join(tmpdir(), 'lipaflow-worker-'));
const define = (name: string, source: string) => {
  writeFileSync(join(directory, `${name}.cjs`), source);
  return { name, handler: `${directory}/${name}.handler`, timeoutMs: 2000 };
};
const definition = define('probe', BUNDLE);

let worker: Worker;
beforeAll(async () => {
  worker = await spawnFunction(definition, { SETTING: 'own' });
});
afterAll(async () => {
  await stopChildren();
  rmSync(directory, { recursive: true });
});

describe('a worker', () => {
  it('runs a bundle in a process of its own, with an environment of its own', async () => {
    expect(worker.pid).not.toBe(process.pid);
    expect(await worker.invoke({ do: 'answer' })).toEqual({
      statusCode: 200,
      event: { do: 'answer' },
      setting: 'own',
      name: 'probe',
    });
    // The output of a process comes by a pipe, and may be later than its response.
    await vi.waitFor(() => expect(worker.output()).toContain('asked answer'), 30_000);
  });

  it('carries several calls at once, each with its own answer', async () => {
    const order: number[] = [];
    const wait = async (ms: number) => {
      const { event } = await worker.invoke<{ event: unknown }>({ do: 'wait', ms });
      order.push(ms);
      return event;
    };
    expect(await Promise.all([250, 10, 120].map(wait))).toMatchObject([{ ms: 250 }, { ms: 10 }, { ms: 120 }]);
    expect(order).toEqual([10, 120, 250]);
  });

  it('rejects with what the handler threw, and when its time is over', async () => {
    await expect(worker.invoke({ do: 'throw' })).rejects.toMatchObject({
      name: 'TypeError',
      message: 'no good',
    });
    const late = worker.invoke({ do: 'wait', ms: 500 }, { timeoutMs: 50 });
    await expect(late).rejects.toThrow('Task timed out after 0.05 seconds');
  });

  it('can be stopped and woken up', async () => {
    worker.kill('SIGSTOP');
    let answered = false;
    const call = worker.invoke({ do: 'answer' }).then(() => {
      answered = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(answered).toBe(false);
    worker.kill('SIGCONT');
    await call;
  });

  it('leaves no call hanging when it is killed, or was before', async () => {
    const doomed = await spawnFunction(definition, {});
    const call = doomed.invoke({ do: 'wait', ms: 5000 });
    doomed.kill();
    await expect(call).rejects.toThrow('ended');
    await doomed.ended;
    await expect(doomed.invoke({ do: 'answer' })).rejects.toThrow('ended');
  });

  it('does not start when its init throws, and says why', async () => {
    const broken = define('broken', "throw new Error('TABLE_NAME is not set');");
    await expect(spawnFunction(broken, {})).rejects.toThrow('TABLE_NAME is not set');
  });
});

describe('an event', () => {
  it('is one of payload format 2.0, as the local gateway makes it', () => {
    const event = httpEvent({
      method: 'POST',
      path: '/v1/webhooks/lipachat/abc',
      routeKey: 'POST /v1/webhooks/lipachat/{secret}',
      pathParameters: { secret: 'abc' },
      headers: { 'X-Hub-Signature-256': 'sha256=00' },
      body: { text: 'é' },
    });
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'POST /v1/webhooks/lipachat/{secret}',
      rawPath: '/v1/webhooks/lipachat/abc',
      pathParameters: { secret: 'abc' },
      headers: { 'content-type': 'application/json', 'x-hub-signature-256': 'sha256=00' },
      body: '{"text":"é"}',
      isBase64Encoded: false,
    });
  });

  it('carries what the authorizer said, and bytes as base64', () => {
    const { body, isBase64Encoded, requestContext } = httpEvent({
      method: 'POST',
      path: '/v1/flows',
      headers: { 'content-type': 'application/octet-stream' },
      body: Buffer.from('{}'),
      authorizer: { clientId: 'a' },
    });
    expect({ body, isBase64Encoded }).toEqual({ body: 'e30=', isBase64Encoded: true });
    expect(requestContext.authorizer.lambda).toEqual({ clientId: 'a' });
  });
});
