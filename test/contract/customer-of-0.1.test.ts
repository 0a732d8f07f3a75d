/** The lookups by customer and by age, where version 0.1 wrote some of the messages under keys of its own. */
import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Aws, startAws } from '../../local/aws/server.ts';
import { makeHandleReply } from '../../src/lib/callbacks/handle-reply.ts';
import { type Dumped, dump } from '../support/dump/items.ts';
import { idOf, later, PAIR } from '../support/fakes/samples.ts';
import { fakeTelemetry } from '../support/fakes/telemetry.ts';
import { clientFor, storesOn } from './engines.ts';

const messages = dump.filter(({ kind }) => kind === 'message');
const text = ({ item }: Dumped, name: string): string => item[name]?.S ?? '';
const idIn = (dumped: Dumped) => idOf(text(dumped, 'pk').replace('message#', ''));
const placeOf = (dumped: Dumped): string => text(dumped, 'stage').replace(/^\w+#/, '');
const newestFirst = [...messages].sort((a, b) => (placeOf(a) > placeOf(b) ? -1 : 1));
const isWaiting = (dumped: Dumped): boolean => text(dumped, 'stage').startsWith('waiting#');

describe('a customer of 0.1', () => {
  let aws: Aws;
  let client: DynamoDBClient;
  let stores: ReturnType<typeof storesOn>;
  let stores01: ReturnType<typeof storesOn>;
  beforeEach(async () => {
    aws = await startAws({ port: 0, tableName: 'dump', parameters: {} });
    client = clientFor(aws.url);
    stores = storesOn(client, 'dump');
    stores01 = storesOn(client, 'dump', { packs: false });
  });
  afterEach(async () => {
    client.destroy();
    await aws.close();
  });

  async function put(dumped: readonly Dumped[]): Promise<void> {
    for (const { item } of dumped)
      await client.send(new PutItemCommand({ TableName: 'dump', Item: { ...item, rev: { S: 'of 0.1' } } }));
  }

  /** Writes it unchanged, under today's keys, or under those of 0.1. */
  async function rewrite(dumped: Dumped, { as = stores } = {}): Promise<void> {
    const stored = await as.messages.get(idIn(dumped));
    if (!stored) throw new Error('not there');
    expect(await as.messages.replace(stored, stored.value)).toMatchObject({ done: true });
  }

  async function expectAll(): Promise<void> {
    const outside = newestFirst.filter((one) => !isWaiting(one)).map(idIn);
    expect(await stores.messages.latest(PAIR, 99)).toEqual(outside);
    expect(await stores.messages.latest(PAIR, 7)).toEqual(outside.slice(0, 7));
    const waiting = newestFirst.filter(isWaiting).map(idIn).reverse();
    expect(await stores.messages.waiting(PAIR, 99)).toEqual(waiting);
    const found: string[] = [];
    let before: string | undefined;
    do {
      const page = await stores.messages.page(PAIR, { limit: 5, before });
      found.push(...page.ids);
      before = page.next;
    } while (before !== undefined);
    expect(found).toEqual(newestFirst.map(idIn));
  }

  it('has all messages, in the order of their age, before and after each changes, and back', async () => {
    await put(messages);
    await expectAll();
    for (const one of messages.filter((_, n) => n % 2 === 0)) await rewrite(one);
    await expectAll();
    for (const one of messages) await rewrite(one);
    await expectAll();
    for (const one of messages) await rewrite(one, { as: stores01 });
    await expectAll();
  });

  it.each(['open', 'unknown-least', 'claim-dispatched'])('has its reply matched to %s', async (id) => {
    await put(messages.filter((one) => [id, 'replied', 'refused'].includes(idIn(one))));
    const { handleReply } = makeHandleReply({ ...stores, telemetry: fakeTelemetry() });
    const reply = { id: 'r-new', at: later(9), pair: PAIR, response: { a: 1 }, quotedIds: [] };
    expect(await handleReply(reply)).toBe('matched');
    const matchedBy = 'only-open-flow';
    expect((await stores.messages.get(idOf(id)))?.value.reply).toMatchObject({ id: 'r-new', matchedBy });
  });

  it('has a repeat of a reply that 0.1 stored matched to its flow, and to no other', async () => {
    await put(messages.filter((one) => ['open', 'replied-only'].includes(idIn(one))));
    const { id } = (await stores.messages.get(idOf('replied-only')))?.value.reply ?? { id: '' };
    const { handleReply } = makeHandleReply({ ...stores, telemetry: fakeTelemetry() });
    const reply = { id, at: later(9), pair: PAIR, response: {}, quotedIds: [] };
    expect(await handleReply(reply)).toBe('matched');
    expect((await stores.messages.get(idOf('open')))?.value.reply).toBeUndefined();
  });

  it('has its unknown message listed once it changes, and no longer once 0.1 could be back', async () => {
    const [unknown] = messages.filter((one) => idIn(one) === 'unknown-least');
    if (!unknown) throw new Error('not dumped');
    await put([unknown]);
    for (const [as, listed] of [
      [stores01, []],
      [stores, ['unknown-least']],
      [stores01, []],
    ] as const) {
      await rewrite(unknown, { as });
      expect(await stores.messages.unknown(later(99), 9)).toEqual(listed);
      expect(await stores.messages.due(later(99), 9)).toEqual([]);
    }
  });
});
