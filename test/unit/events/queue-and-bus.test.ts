/** The adapters of SQS and EventBridge, over a loopback server. */
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it } from 'vitest';
import { makeEventBus } from '../../../src/lib/events/eventbridge.ts';
import { makeDeliveryQueue } from '../../../src/lib/messages/sqs-deliveries.ts';
import { manualClock } from '../../support/fakes/clock.ts';
import { answer, type Loopback, loopback } from '../../support/fakes/loopback.ts';
import { idOf, later, NOW } from '../../support/fakes/samples.ts';

let server: Loopback | undefined;
afterEach(() => server?.close());

const config = (port: number) => ({
  endpoint: `http://127.0.0.1:${port}`,
  region: 'eu-west-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  maxAttempts: 2,
});
const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.1' };
const bodiesOf = ({ received }: Loopback) =>
  received
    .join('')
    .split(/(?=POST \/)/)
    .map((request) => JSON.parse(request.split('\r\n\r\n')[1] ?? 'null') as Record<string, unknown>);

describe('the delivery queue', () => {
  const SENT = JSON.stringify({ MessageId: 'sqs-1' });

  async function enqueueAt(status: number, body: string, delaySeconds: number) {
    server = await loopback(answer(status, body, { 'content-type': 'application/x-amz-json-1.0' }));
    const queueUrl = `http://127.0.0.1:${server.port}/000000000000/deliveries`;
    const client = new SQSClient({ ...config(server.port), md5: false });
    const queue = makeDeliveryQueue({ client, queueUrl, clock: manualClock(NOW) });
    await queue
      .enqueue({ messageId: idOf('m-1'), clientId: 'crm' }, delaySeconds)
      .finally(() => client.destroy());
    return bodiesOf(server)[0];
  }

  it.each([
    [0, 0],
    [-5, 0],
    [0.2, 1],
    [6, 6],
    [900, 900],
    [5_000, 900],
  ])(
    'gets the messageId and nothing else, with a requested delay of %s s that becomes %s',
    async (asked, delayed) => {
      const sent = await enqueueAt(200, SENT, asked);
      expect(sent).toMatchObject({ DelaySeconds: delayed, MessageBody: '{"messageId":"m-1"}' });
      expect(String(sent?.['QueueUrl'])).toMatch(/deliveries$/);
    },
  );

  it('gets the messageId and the owner of a lease to watch, and reports what it accepted', async () => {
    const reply = { Successful: [{ Id: '0' }, { Id: '2' }], Failed: [{ Id: '1', Code: 'InternalError' }] };
    const type = { 'content-type': 'application/x-amz-json-1.0' };
    server = await loopback(answer(200, JSON.stringify(reply), type));
    const client = new SQSClient({ ...config(server.port), md5: false });
    const queueUrl = `http://127.0.0.1:${server.port}/000000000000/deliveries`;
    const queue = makeDeliveryQueue({ client, queueUrl, clock: manualClock(NOW) });
    const watches = ['m-1', 'm-2', 'm-3'].map((id) => ({
      messageId: idOf(id),
      clientId: 'crm',
      owner: 'o',
      until: later(60),
    }));
    expect(await queue.watch(watches).finally(() => client.destroy())).toEqual([true, false, true]);
    const [body] = bodiesOf(server);
    expect(body?.['Entries']).toMatchObject([
      { Id: '0', MessageBody: '{"watch":"m-1","owner":"o"}', DelaySeconds: 61 },
      { Id: '1' },
      { Id: '2' },
    ]);
  });

  it('is unavailable when it refuses, and the error shows nothing of the refusal', async () => {
    const fault = await enqueueAt(500, '{"__type":"InternalError"}', 0).catch((e: unknown) => e);
    expect(fault).toMatchObject({ code: 'store-unavailable', retryAfter: 2 });
    expect((fault as { detail: string }).detail).not.toMatch(/sqs|aws|http/i);
  });
});

describe('the event bus', () => {
  const event = (id: string) => ({
    type: 'message.sent',
    detail: { eventId: id, version: 1, at: NOW.toISOString(), text: '👋' } as const,
  });

  async function putTo(status: number, body: unknown, ids: string[]) {
    server = await loopback(answer(status, JSON.stringify(body), JSON_TYPE));
    const client = new EventBridgeClient(config(server.port));
    const bus = makeEventBus({ client, busName: 'company' });
    return await bus.put(ids.map(event)).finally(() => client.destroy());
  }

  it('gets each event under its type, with its time, from lipaflow', async () => {
    await putTo(200, { FailedEntryCount: 0, Entries: [{ EventId: '1' }] }, ['a']);
    const [body] = server ? bodiesOf(server) : [];
    const [entry] = (body?.['Entries'] ?? []) as Record<string, unknown>[];
    expect(entry).toMatchObject({
      EventBusName: 'company',
      Source: 'lipaflow',
      DetailType: 'message.sent',
      Time: NOW.getTime() / 1000,
    });
    expect(JSON.parse(String(entry?.['Detail']))).toEqual(event('a').detail);
  });

  it('reports which events it accepted', async () => {
    const Entries = [{ EventId: '1' }, { ErrorCode: 'ThrottlingException' }, { EventId: '3' }];
    expect(await putTo(200, { FailedEntryCount: 1, Entries }, ['a', 'b', 'c'])).toEqual([true, false, true]);
  });

  it('counts events that its response does not name as refused', async () => {
    expect(await putTo(200, { Entries: [{ EventId: '1' }] }, ['a', 'b'])).toEqual([true, false]);
    await server?.close();
    expect(await putTo(200, {}, ['a'])).toEqual([false]);
  });

  it('throws when it accepted none', async () => {
    await expect(putTo(500, { __type: 'InternalException' }, ['a'])).rejects.toThrow();
  });
});
