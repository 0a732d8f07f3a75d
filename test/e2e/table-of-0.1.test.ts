/** The bundles of today on a table that those of version 0.1 filled. */
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itemsOfNow, TOKEN_OF_01, tableOf01 } from '../support/dump/table-of-0.1.ts';
import { clock, type Fleet, startFleet, sweep } from '../support/fleet/fleet.ts';
import { pumpQueue, tracesOf, whenStatus } from '../support/fleet/lanes.ts';
import { until } from '../support/fleet/wait.ts';
import type { QueuePump } from '../support/queue-pump.ts';

const { sends, deliveries } = tableOf01;
const settled = Object.entries(sends).filter(([, { replay }]) => replay && replay.status !== 202);
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

let fleet: Fleet;
let queue: QueuePump;

const requestOf = (name: string) => sends[name]?.request ?? expect.fail(name);
const waIdOf = (messageId: string) =>
  deliveries.find((one) => one.messageId === messageId)?.waId ?? expect.fail(messageId);
const call = (method: string, path: string, body?: unknown) =>
  fleet.call(method, path, { token: TOKEN_OF_01, ...(body === undefined ? {} : { body }) });
const view = async (messageId: string) => (await call('GET', `/v1/messages/${messageId}`)).json;
const report = (messageStatus: object) =>
  call('POST', `/v1/webhooks/lipachat/${fleet.webhookSecret}`, { event: 'MESSAGE_STATUS', messageStatus });
const write = (from: string, fields: object = { type: 'TEXT', text: 'hello' }) =>
  call('POST', `/v1/webhooks/lipachat/${fleet.webhookSecret}`, {
    messageId: `wamid.of.${from}.${Math.random()}`,
    from,
    to: requestOf('sent').from,
    profileName: 'A',
    ...fields,
  });

beforeAll(async () => {
  fleet = await startFleet({ counts: { worker: 1, contacts: 1 } });
  await fleet.lipachat.configure({ enforceSessions: false });
  const { TABLE_NAME } = fleet.environment;
  const client = new DynamoDBClient({ endpoint: fleet.aws.url, region: 'eu-west-1', credentials });
  for (const Item of itemsOfNow()) await client.send(new PutItemCommand({ TableName: TABLE_NAME, Item }));
  client.destroy();
  queue = pumpQueue(fleet);
});
afterAll(async () => {
  await queue.close();
  await fleet.stop();
});

describe('a message of 0.1', () => {
  it.each(settled)('has its answer replayed byte for byte: %s', async (_, { request, replay }) => {
    const again = await call('POST', '/v1/flows', request);
    expect({ status: again.status, body: again.text }).toEqual(replay);
    expect(again.headers).toMatchObject({ 'idempotent-replayed': 'true' });
    const other = await call('POST', '/v1/flows', { ...request, text: 'another' });
    expect(other).toMatchObject({ status: 422, json: { code: 'message-id-reused' } });
  });

  it.each(Object.entries(sends))('is shown as it is: %s', async (messageId, { status = 'sending' }) => {
    expect(await view(messageId)).toMatchObject({ messageId, status });
  });

  it('takes the statuses of its send, by either id, and then replays the same bytes', async () => {
    await report({ messageId: 'sent', waId: waIdOf('sent'), status: 'DELIVERED' });
    expect(await view('sent')).toMatchObject({ status: 'delivered' });
    await report({ waId: waIdOf('sent'), status: 'READ' });
    expect(await view('sent')).toMatchObject({ status: 'read' });
    const again = await call('POST', '/v1/flows', requestOf('sent'));
    expect({ status: again.status, body: again.text }).toEqual(sends['sent']?.replay);
  });

  it('takes the status of its resend under the id that 0.1 derived, and the failed one counts no more', async () => {
    const [, resent] = deliveries.filter(({ to }) => to === requestOf('sent-again').to);
    await report({ messageId: resent?.messageId, waId: resent?.waId, status: 'DELIVERED' });
    await report({ messageId: 'sent-again', waId: waIdOf('sent-again'), status: 'FAILED' });
    expect(await view('sent-again')).toMatchObject({ status: 'delivered' });
  });

  it.each([
    ['delivered', true],
    ['read', false],
  ])('takes its reply, quoted or not: %s', async (name, quoted) => {
    const nfm_reply = { name: 'flow', body: 'Sent', response_json: JSON.stringify({ of: name }) };
    const context = quoted ? { context: { id: waIdOf(name) } } : {};
    const interactive = { type: 'nfm_reply', nfm_reply };
    await write(requestOf(name).to, { type: 'INTERACTIVE', interactive, ...context });
    expect(await view(name)).toMatchObject({ reply: { response: { of: name } } });
  });

  it.each(['parked', 'parked-too', 'asked'])('goes out once when its customer writes: %s', async (name) => {
    const { to } = requestOf(name);
    await write(to);
    await until('the send', async () => (await view(name))['status'] === 'sent');
    await write(to);
    await queue.drained();
    expect((await fleet.lipachat.deliveries()).filter((one) => one.to === to)).toHaveLength(1);
  });

  it('that waits for its resend goes out under the id that 0.1 derived', async () => {
    const worker = await fleet.spawn('worker', clock({ ahead: 60_000 }));
    await worker.invoke({
      Records: [{ messageId: 'r', body: JSON.stringify({ messageId: 'failed-again' }) }],
    });
    const { to } = requestOf('failed-again');
    const [sent, ...others] = (await fleet.lipachat.deliveries()).filter((one) => one.to === to);
    expect(others).toEqual([]);
    const aliases = tableOf01.items.filter(({ messageId }) => messageId?.S === 'failed-again');
    expect(aliases.map(({ pk }) => pk?.S)).toContain(`wire#${sent?.messageId}`);
  });

  it('whose process was cut off is finished once, under its own id', async () => {
    await sweep(await fleet.spawn('sweeper', clock({ ahead: 100_000 })));
    expect(await fleet.lipachat.deliveries('cut-off')).toHaveLength(1);
    await whenStatus({ ...fleet, message: (id) => call('GET', `/v1/messages/${id}`) }, 'cut-off', 'sent');
  });

  it('of a customer who is erased leaves no trace', async () => {
    const { from, to } = requestOf('replied');
    expect(await tracesOf(fleet, to)).not.toEqual([]);
    expect((await call('DELETE', `/v1/contacts/${from}/${to}`)).status).toBe(204);
    expect((await tracesOf(fleet, to)).filter((pk) => !pk.startsWith('erased'))).toEqual([]);
    expect(await call('GET', '/v1/messages/replied')).toMatchObject({ status: 404 });
  });
});

it('an opt-out of 0.1 still holds', async () => {
  const request = { ...requestOf('sent'), messageId: 'to-an-opted-out', to: '254717746598' };
  expect(await call('POST', '/v1/flows', request)).toMatchObject({ json: { code: 'recipient-opted-out' } });
});
