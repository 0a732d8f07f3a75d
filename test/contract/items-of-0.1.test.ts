/**
 * Items as version 0.1 wrote them: one or more of each kind and state, with the value that 0.1 read from each
 * (test/support/dump/items-0.1.jsonl, written by the stores of 0.1 to the embedded engine). Stored names never
 * change: a release reads each item to the same value, and writes the same attributes.
 */
import { type DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Aws, startAws } from '../../local/aws/server.ts';
import type { InboundRecord } from '../../src/lib/callbacks/ports.ts';
import type { Campaign } from '../../src/lib/campaigns/campaign.ts';
import type { LedgerBatch } from '../../src/lib/campaigns/ledger.ts';
import type { Plan, PlanPart } from '../../src/lib/campaigns/plan/figures.ts';
import type { StoredRateLimit } from '../../src/lib/campaigns/ports.ts';
import { clientItem, makeClientRegistry } from '../../src/lib/clients/dynamo-client-registry.ts';
import type { RegisteredClient } from '../../src/lib/clients/ports.ts';
import { readChange } from '../../src/lib/events/dynamo-changes.ts';
import type { TemplateStatus } from '../../src/lib/lipachat/callback.ts';
import type { Answer, Message, MessageId } from '../../src/lib/messages/message.ts';
import type { TemplateMessage } from '../../src/lib/messages/sends.ts';
import { systemRandom } from '../../src/lib/platform/clock.ts';
import { makeTable } from '../../src/lib/platform/dynamo-table.ts';
import type { TemplateLock } from '../../src/lib/sending/ports.ts';
import type { Pair } from '../../src/lib/whatsapp/phone.ts';
import type { Session } from '../../src/lib/whatsapp/session-window.ts';
import { type Attributes, type Dumped, dump } from '../support/dump/items.ts';
import { idOf, later, NOW, sampleMessage } from '../support/fakes/samples.ts';
import { clientFor, storesOn } from './engines.ts';

const templateMessageOf = ({
  state,
  ...rest
}: Omit<TemplateMessage, 'state'> & { readonly state: string }) => ({
  ...rest,
  state: state === 'spared' ? 'suppressed' : state,
});

/** 0.1 stored a refusal without its title. */
const titled = (answer: Answer): Answer =>
  answer.kind === 'rejected' ? { title: 'LipaChat refused the message', ...answer } : answer;

/** A plan of 0.1 is one object. A dry run has none. */
const inParts = ({
  file,
  rejectedKey,
  ...plan
}: Omit<Plan, 'parts' | 'rejectedKeys'> & {
  readonly file?: PlanPart;
  readonly rejectedKey?: string;
}): Plan => ({
  ...plan,
  ...(file ? { parts: [file] } : {}),
  ...(rejectedKey === undefined ? {} : { rejectedKeys: [rejectedKey] }),
});

/** Domain names that have changed since 0.1, by kind. */
const renamed: Record<string, (value: Record<string, unknown>) => unknown> = {
  message: ({ invitation, promised, answer, ...message }) => ({
    ...message,
    ...(answer ? { answer: titled(answer as Answer) } : {}),
    ...(promised ? { accepted: promised } : {}),
    ...(invitation
      ? { templateMessage: templateMessageOf(invitation as Parameters<typeof templateMessageOf>[0]) }
      : {}),
  }),
  campaign: ({ turn, slotAt, folded, plan, ...campaign }) => ({
    ...campaign,
    ...(plan ? { plan: inParts(plan as Parameters<typeof inParts>[0]) } : {}),
    version: turn,
    ...(slotAt ? { nextScheduledAt: slotAt } : {}),
    aggregated: folded,
  }),
  batch: ({ wokenAt, wakeAt, wakes, ...batch }) => ({
    ...batch,
    enqueuedAt: wokenAt,
    lostAfter: wakeAt,
    rounds: wakes,
  }),
  invitationSlot: ({ slot, ...lock }) => ({ ...lock, key: slot }),
};

const base64 = ({ buffer, byteOffset, byteLength }: ArrayBufferView): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');

const todaysValue = ({ kind, value }: Dumped): unknown =>
  renamed[kind]?.(value as Record<string, unknown>) ?? value;

describe('an item of 0.1', () => {
  let aws: Aws;
  let client: DynamoDBClient;
  /** As in the first deployment over 0.1. */
  let stores: ReturnType<typeof storesOn>;
  let packing: ReturnType<typeof storesOn>;
  let registry: ReturnType<typeof makeClientRegistry>;

  beforeAll(async () => {
    aws = await startAws({ port: 0, tableName: 'dump', parameters: {} });
    client = clientFor(aws.url);
    stores = storesOn(client, 'dump', { packs: false });
    packing = storesOn(client, 'dump');
    registry = makeClientRegistry(
      makeTable({ client, tableName: 'dump', clock: stores.clock, random: systemRandom }),
    );
  });
  afterAll(async () => {
    client.destroy();
    await aws.close();
  });

  const put = (item: Attributes) =>
    client.send(new PutItemCommand({ TableName: 'dump', Item: { ...item, rev: { S: 'of 0.1' } } }));

  /** The table's item with this key, without its revision. */
  async function stored(pk: string): Promise<Attributes | undefined> {
    const { Items = [] } = await client.send(new ScanCommand({ TableName: 'dump' }));
    const { rev: _, ...item } = Items.find((one) => one['pk']?.S === pk) ?? {};
    return item;
  }

  interface Kind {
    read(value: never): Promise<unknown>;
    /** Writes the value over the item of 0.1, or where there is none. */
    write(value: never, dumped: Dumped): Promise<unknown>;
  }

  const versioned = <Key, T>(
    store: () => {
      get(key: Key): Promise<{ value: T; revision: string } | undefined>;
      replace(stored: { value: T; revision: string }, value: T): Promise<{ done: boolean }>;
    },
    keyOf: (value: T) => Key,
  ) => ({
    read: async (value: T) => (await store().get(keyOf(value)))?.value,
    write: async (value: T) => {
      const found = await store().get(keyOf(value));
      if (!found) throw new Error('not there');
      expect(await store().replace(found, found.value)).toMatchObject({ done: true });
    },
  });

  const SALT = { pk: { S: 'salt#forgotten' }, salt: { S: 'f'.repeat(72) } };

  const kinds: Record<string, Kind> = {
    message: versioned(
      () => stores.messages,
      ({ messageId }: Message) => messageId,
    ),
    session: versioned(
      () => stores.sessions,
      ({ pair }: Session) => pair,
    ),
    campaign: versioned(
      () => stores.campaigns,
      ({ campaignId }: Campaign) => campaignId,
    ),
    numberPace: versioned(
      () => stores.rateLimits,
      ({ business }: StoredRateLimit) => business,
    ),
    invitationSlot: versioned(
      () => stores.templateLocks,
      ({ key }: TemplateLock) => key,
    ),
    batch: {
      read: (batch: LedgerBatch) => stores.ledger.get(batch),
      write: async (batch: LedgerBatch) => {
        await drop(`batch#${batch.campaignId}#${batch.n}`);
        await stores.ledger.open(batch);
      },
    },
    client: {
      read: async ({ tokenHash }: RegisteredClient) =>
        (await registry.list()).find((one) => one.tokenHash === tokenHash),
      write: (one: RegisteredClient) => put(marshall(clientItem(one), { removeUndefinedValues: true })),
    },
    salt: {
      read: () => Promise.resolve({ salt: 'f'.repeat(72) }),
      // Written once and never again: what matters is that the hashes of erased opt-outs are still found with it.
      write: () => Promise.resolve(),
    },
    forgotten: {
      read: async ({ pair }: { pair: Pair }) => {
        await put(SALT);
        return { pair, at: await stores.erasedOptOuts().optedOutAt(pair) };
      },
      write: ({ pair, at }: { pair: Pair; at: Date }) => stores.erasedOptOuts().remember(pair, at),
    },
    inbound: {
      read: ({ id }: InboundRecord) => stores.callbacks.remember({ id, writtenAt: new Date(0) }, NOW),
      write: async (record: InboundRecord, { item }: Dumped) => {
        await drop(String(item['pk']?.S));
        await stores.callbacks.remember(record, NOW);
      },
    },
    raw: {
      read: async (text: string) => (await stores.rawCallbacks()).find((one) => one === text),
      write: (text: string) => stores.callbacks.keepRaw(text, NOW),
    },
    templateStatus: {
      read: (_: TemplateStatus) => Promise.resolve(undefined),
      write: (status: TemplateStatus) => stores.callbacks.keepTemplateStatus(status),
    },
    wireAlias: {
      read: async ({ alias }: { alias: string }) => ({
        alias,
        ...(await stores.aliases.find(alias)),
      }),
      write: ({ alias, messageId }: { alias: string; messageId: MessageId }) =>
        stores.aliases.keep(alias, { messageId }),
    },
  };

  const drop = (pk: string) =>
    makeTable({ client, tableName: 'dump', clock: stores.clock, random: systemRandom }).owning('').drop(pk);

  const ofKind = (kind: string) => dump.filter((dumped) => dumped.kind === kind);
  const cases = dump
    .filter(({ kind }) => kind !== 'orphan')
    .map((dumped) => [`${dumped.kind} ${dumped.item['pk']?.S}`, dumped] as const);

  it.each(cases)('is read as 0.1 read it and written as 0.1 wrote it: %s', async (_, dumped) => {
    const kind = kinds[dumped.kind];
    if (!kind) throw new Error(`no store for ${dumped.kind}`);
    const value = todaysValue(dumped);
    await put(dumped.item);
    if (dumped.kind !== 'templateStatus') expect(await kind.read(value as never)).toEqual(value);
    await kind.write(value as never, dumped);
    const was = unmarshall(dumped.item);
    // Besides, 0.1 reads a refusal with its title like one without.
    const answer = was['answer'] ? { answer: titled(was['answer']) } : {};
    // Sets have no order.
    expect(unmarshall((await stored(String(dumped.item['pk']?.S))) ?? {})).toEqual({ ...was, ...answer });
  });

  it('is read while it is due, and dropped, if it is an unmatched status', async () => {
    const [due, undue] = ofKind('orphan');
    for (const { item } of ofKind('orphan')) await put(item);
    const old = stores.oldUnmatched;
    expect(await old.dueUnmatched(later(-30), 10)).toEqual([]);
    const found = await old.dueUnmatched(NOW, 10);
    expect(found).toEqual([{ ...(due?.value as object), keptAt: undefined, lookups: 0 }]);
    for (const one of [...found, ...found]) await old.dropUnmatched(one);
    expect(await old.dueUnmatched(NOW, 10)).toEqual([]);
    // It has no time, so that no version looks for it.
    expect(await stored(String(undue?.item['pk']?.S))).toBeDefined();
  });

  const messages = cases.filter(([, { kind }]) => kind === 'message');

  it.each(messages)('is packed by its next write, and stays the same to the byte: %s', async (_, dumped) => {
    const value = todaysValue(dumped) as Message;
    await put(dumped.item);
    const found = await packing.messages.get(value.messageId);
    if (!found) throw new Error('not there');
    expect(await packing.messages.replace(found, found.value)).toMatchObject({ done: true });
    for (const { messages } of [packing, stores])
      expect((await messages.get(value.messageId))?.value).toEqual(value);
    const item = (await stored(String(dumped.item['pk']?.S))) ?? {};
    expect(item['request'] ?? item['answer']?.M?.['body']).toBeUndefined();
    expect(item['stage']?.S).toBe(dumped.item['stage']?.S?.replace(/^(open|answered|done)#/, 'flow#'));
    const image = JSON.parse(
      JSON.stringify(item, (_key, one) => (ArrayBuffer.isView(one) ? base64(one) : one)),
    );
    expect(readChange({ before: undefined, after: image })).toMatchObject({ after: value });
  });

  it.each(cases.filter(([name]) => /^(message|session|campaign|templateStatus)/.test(name)))(
    'is read in the change stream: %s',
    (_, dumped) => {
      const after = { ...dumped.item, rev: { S: 'of 0.1' } };
      const kind = dumped.kind === 'templateStatus' ? 'template-status' : dumped.kind;
      const change = { kind, before: undefined, after: todaysValue(dumped) };
      expect(readChange({ before: undefined, after })).toEqual(change);
    },
  );

  it('has an entry among the due messages while it is claimed, as 0.1 looks for it there', async () => {
    const lease = { owner: 'o-1', until: later(-5), phase: 'dispatched' } as const;
    const claimed = (id: string) => sampleMessage({ messageId: idOf(id), lease, dueAt: later(-5) });
    await stores.messages.create(claimed('of-0.1'));
    await packing.messages.create(claimed('of-today'));
    const isOne = (id: string) => ['of-0.1', 'of-today'].includes(id);
    expect((await stores.messages.due(NOW, 100)).filter(isOne)).toEqual(['of-0.1']);
    const all = { segment: 0, of: 1 } as const;
    const { ids } = await stores.messages.abandoned(all, { now: NOW, after: undefined });
    expect(ids.filter(isOne)).toEqual(['of-today']);
  });
});
