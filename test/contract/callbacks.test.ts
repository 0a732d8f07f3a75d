import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RawPlace } from '../../src/lib/callbacks/ports.ts';
import type { UnmatchedStatus } from '../../src/lib/callbacks/unmatched-status.ts';
import type { ReportedStatus } from '../../src/lib/messages/status.ts';
import { mapEnded } from '../../src/lib/platform/all-ended.ts';
import type { CustomerId } from '../../src/lib/whatsapp/customer.ts';
import type { PhoneNumber } from '../../src/lib/whatsapp/phone.ts';
import { idOf, later, NOW } from '../support/fakes/samples.ts';
import { engines, type Stores } from './engines.ts';

const DAY_S = 86_400;

describe.each(engines)('inbound messages on $name', ({ open }) => {
  let stores: Stores;
  beforeAll(async () => {
    stores = await open();
  });
  afterAll(() => stores.close());

  it('are remembered as they first arrived, whatever arrives under their id later', async () => {
    const first = { id: 'wamid.first', writtenAt: new Date(NOW.getTime() - 1_234) };
    expect(await stores.callbacks.remember(first, NOW)).toEqual(first);
    expect(await stores.callbacks.remember({ id: 'wamid.first', writtenAt: later(99) }, NOW)).toEqual(first);
    expect(await stores.callbacks.remember(first, later(60))).toEqual(first);
  });

  it('are remembered with the time of their first arrival, if that was kept', async () => {
    const first = { id: 'wamid.seen', writtenAt: later(-9), seenAt: NOW };
    expect(await stores.callbacks.remember(first, NOW)).toEqual(first);
    expect(await stores.callbacks.remember({ ...first, seenAt: later(60) }, later(60))).toEqual(first);
  });

  it('are remembered by the whole id, case-sensitively', async () => {
    await stores.callbacks.remember({ id: 'wamid.a', writtenAt: later(-9) }, NOW);
    for (const id of ['wamid.A', 'wamid.a#', 'wamid', 'wamid.a ']) {
      expect((await stores.callbacks.remember({ id, writtenAt: NOW }, NOW)).writtenAt).toEqual(NOW);
    }
  });

  it('are remembered at each number, whatever another number’s callback says of their id', async () => {
    const at = (business: string, seconds: number) => {
      const writtenAt = later(seconds);
      return { id: 'wamid.two', business, writtenAt, seenAt: writtenAt, place: 0 };
    };
    const [theirs, own] = [at('254700000001', -50), at('254700000002', -10)];
    expect(await stores.callbacks.remember(theirs, NOW)).toEqual(theirs);
    expect(await stores.callbacks.remember(own, NOW)).toEqual(own);
    expect(await stores.callbacks.remember(at('254700000002', 5), NOW)).toEqual(own);
    // A copy that arrived earlier corrects its own number's record alone.
    const earlier = at('254700000002', -99);
    await stores.callbacks.remember(earlier, NOW);
    expect(await stores.callbacks.remember(at('254700000002', 6), NOW)).toEqual(earlier);
    expect(await stores.callbacks.remember(at('254700000001', 6), NOW)).toEqual(theirs);
  });

  it('are those that an earlier version remembered, without a number', async () => {
    const old = { id: 'wamid.of-0.1', writtenAt: later(-70) };
    await stores.callbacks.remember(old, NOW);
    const again = { ...old, business: '254700000001', writtenAt: later(-10) };
    expect(await stores.callbacks.remember(again, NOW)).toEqual(old);
  });

  it('have one timestamp among twenty concurrent repeats', async () => {
    const records = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        stores.callbacks.remember({ id: 'wamid.raced', writtenAt: later(-n) }, NOW),
      ),
    );
    expect(new Set(records.map(({ writtenAt }) => writtenAt.getTime())).size).toBe(1);
  });

  it('are corrected by a copy that arrived earlier, and by no later one', async () => {
    const copy = (seconds: number, place: number) => ({
      id: 'wamid.copies',
      writtenAt: later(seconds),
      seenAt: later(seconds),
      place,
    });
    const orders = [copy(-10, 1), copy(-20, 1), copy(-5, 0), copy(-20, 0), copy(-20, 2)];
    for (const one of orders) await stores.callbacks.remember(one, NOW);
    expect(await stores.callbacks.remember(copy(0, 0), NOW)).toEqual(copy(-20, 0));
  });

  it('are remembered for eight days, longer than WhatsApp repeats them, and no longer', async () => {
    const first = { id: 'wamid.old', writtenAt: NOW };
    await stores.callbacks.remember(first, NOW);
    stores.clock.moveTo(later(8 * DAY_S - 1));
    const again = { id: 'wamid.old', writtenAt: stores.clock.now() };
    expect(await stores.callbacks.remember(again, stores.clock.now())).toEqual(first);
    stores.clock.moveTo(later(8 * DAY_S + 1));
    expect(await stores.callbacks.remember(again, stores.clock.now())).toEqual(again);
  });
});

describe.each(engines)('raw callbacks on $name', ({ open }) => {
  let stores: Stores;
  beforeAll(async () => {
    stores = await open();
  });
  afterAll(() => stores.close());

  it('are stored as they came, once per content', async () => {
    const odd = '{"event":"ODD","text":"👋🏽 ünïcode","__proto__":{}}';
    await stores.callbacks.keepRaw(odd, NOW);
    await stores.callbacks.keepRaw(odd, later(5));
    await stores.callbacks.keepRaw('null', NOW);
    await stores.callbacks.keepRaw('', NOW);
    expect([...(await stores.rawCallbacks())].sort()).toEqual(['', 'null', odd].sort());
  });

  it("are deleted with the number that they name, in plain text, in any spelling, or inside one of WhatsApp's ids", async () => {
    const mine = '254717746565' as PhoneNumber;
    const waId = (number: string) =>
      `wamid.${Buffer.from(`\u001d\f${number}\u0015\u0002`).toString('base64')}`;
    const kept = [`{"id":"${waId('254700000001')}"}`, '{"from":"254700000001"}', '{"n":254717746}'];
    const gone = [
      '{"from":"+254 (717) 746-565"}',
      '{"n":254717746565}',
      `{"id":"${waId(mine)}"}`,
      `[["${waId(mine).replaceAll('/', '\\/')}"]]`,
    ];
    for (const text of [...kept, ...gone]) await stores.callbacks.keepRaw(text, NOW);
    expect((await stores.callbacks.dropRawNaming([mine])).dropped).toBe(gone.length);
    const left = await stores.rawCallbacks();
    expect(left.filter((text) => [...kept, ...gone].includes(text)).sort()).toEqual([...kept].sort());
  });

  it('are deleted and found for one business number alone, if one is given', async () => {
    const [mine, business] = ['254717000999', '254110090747'] as [PhoneNumber, PhoneNumber];
    const gone = [`{"from":"${mine}","to":"+254 110 090 747"}`, `{"a":"${business}","b":${mine}}`];
    const kept = [`{"from":"${mine}","to":"254110090748"}`, `{"from":"${mine}"}`, `{"to":"${business}"}`];
    for (const text of [...gone, ...kept]) await stores.callbacks.keepRaw(text, NOW);
    const { found } = await stores.callbacks.rawNaming([mine], { business });
    expect(found.map(({ text }) => text).sort()).toEqual([...gone].sort());
    expect((await stores.callbacks.dropRawNaming([mine], { business })).dropped).toBe(gone.length);
    const left = await stores.rawCallbacks();
    expect([...gone, ...kept].filter((text) => left.includes(text))).toEqual(kept);
    // The others are still in the lists of the person.
    expect((await stores.callbacks.dropRawNaming([mine])).dropped).toBe(2);
  });

  it('are deleted with a number that is too short for a list, and with a user id', async () => {
    const [short, id] = ['6891234567', 'KE.77ab'] as CustomerId[];
    const gone = ['{"from":"689-123-4567"}', '{"user_id":"KE.77ab"}'];
    const kept = ['{"user_id":"KE.77abc"}', '{"from":"68912345"}'];
    for (const text of [...gone, ...kept]) await stores.callbacks.keepRaw(text, NOW);
    expect(await stores.callbacks.dropRawNaming([short, id] as CustomerId[])).toEqual({
      dropped: 2,
      next: undefined,
    });
    const left = await stores.rawCallbacks();
    expect([...gone, ...kept].filter((text) => left.includes(text))).toEqual(kept);
  });

  it('are deleted all, however many name the number, and however many stand before them', async () => {
    const mine = '254717000777' as PhoneNumber;
    const many = (from: string, names: number) =>
      JSON.stringify({
        from,
        others: Array.from({ length: names }, (_, n) => `2547001110${10 + n}`),
        n: Math.random(),
      });
    const texts = Array.from({ length: 1_100 }, (_, n) =>
      many(n % 3 === 0 ? mine : '254717000778', n % 2 ? 0 : 33),
    );
    await mapEnded(texts, (text) => stores.callbacks.keepRaw(text, NOW), { concurrency: 2 });
    const gone = texts.filter((text) => text.includes(mine));
    let [dropped, pages] = [0, 0];
    let after: RawPlace | undefined;
    do {
      const page = await stores.callbacks.dropRawNaming([mine], { after, isOver: () => true });
      dropped += page.dropped;
      pages += 1;
      after = page.next;
    } while (after && pages < 100);
    expect(dropped).toBe(gone.length);
    expect((await stores.rawCallbacks()).filter((text) => text.includes(mine))).toEqual([]);
  });

  it('are listed with what is known of them, and dropped by id', async () => {
    const facts = { why: 'unplaced', receivedAt: later(-60) } as const;
    await stores.callbacks.keepRaw('{"listed":1}', later(1), facts);
    await stores.callbacks.keepRaw('{"listed":1}', later(2), { why: 'poison', receivedAt: later(-1) });
    const all = await stores.callbacks.listRaw(1_000);
    const [listed, ...others] = all.filter(({ text }) => text === '{"listed":1}');
    expect(others).toEqual([]);
    expect(listed).toEqual({ id: listed?.id, text: '{"listed":1}', keptAt: later(1), bytes: 12, ...facts });
    await stores.callbacks.dropRaw(listed?.id ?? '');
    expect((await stores.callbacks.listRaw(1_000)).map(({ text }) => text)).not.toContain('{"listed":1}');
  });
});

describe.each(engines)('a huge raw callback on $name', ({ open }) => {
  let stores: Stores;
  beforeAll(async () => {
    stores = await open();
  });
  afterAll(() => stores.close());

  it('is stored up to the size that a store accepts', async () => {
    const huge = JSON.stringify({ text: 'x'.repeat(1024 * 1024) });
    await stores.callbacks.keepRaw(huge, NOW);
    const kept = (await stores.rawCallbacks()).find((text) => text.startsWith('{"text":"xxx'));
    expect(huge.startsWith(kept ?? 'nothing')).toBe(true);
    expect(kept?.length).toBeGreaterThan(100_000);
  });
});

describe.each(engines)('aliases of messages on $name', ({ open }) => {
  let stores: Stores;
  beforeAll(async () => {
    stores = await open();
  });
  afterAll(() => stores.close());

  it('lead to their message until they are dropped', async () => {
    await stores.aliases.keep('w-1', { messageId: idOf('m-1') });
    await stores.aliases.keep('w-1', { messageId: idOf('m-1'), of: 'flow' });
    await stores.aliases.keep('w-2', { messageId: idOf('m-1') });
    await stores.aliases.keep('w-3', { messageId: idOf('m-2'), of: 'flow' });
    await stores.aliases.keep('w-4', { messageId: idOf('m-2'), of: 'template' });
    await stores.aliases.keep('w-5', { messageId: idOf('m-2') });
    await stores.aliases.drop(['w-1', 'w-2', 'never-kept']);
    await stores.aliases.drop([]);
    const found = await Promise.all(['w-1', 'w-2', 'w-3', 'w-4', 'w-5'].map((id) => stores.aliases.find(id)));
    expect(found).toEqual([
      undefined,
      undefined,
      { messageId: 'm-2', of: 'flow' },
      { messageId: 'm-2', of: 'template' },
      { messageId: 'm-2' },
    ]);
  });
});

describe.each(engines)('unmatched statuses of an earlier version on $name', ({ open }) => {
  let stores: Stores;
  beforeAll(async () => {
    stores = await open();
  });
  afterAll(() => stores.close());

  const unmatched = (
    waKey: string,
    status: ReportedStatus = 'delivered',
    detail?: string,
  ): UnmatchedStatus => {
    const at = new Date(NOW.getTime() - 7);
    return { waKey, report: { status, at, detail }, lookups: 0 };
  };
  const dueAt = async (seconds: number, limit = 100) =>
    [...(await stores.oldUnmatched.dueUnmatched(later(seconds), limit))].map(
      ({ waKey, report }) => `${waKey} ${report.status}`,
    );

  it('are read as they were stored, and dropped, even twice', async () => {
    const failed = unmatched('wamid.failed', 'failed', '131026 Message undeliverable 😕');
    await stores.seedUnmatched(failed, later(20));
    expect(await stores.oldUnmatched.dueUnmatched(later(20), 10)).toEqual([failed]);
    for (const one of [failed, failed]) await stores.oldUnmatched.dropUnmatched(one);
    expect(await dueAt(20)).toEqual([]);
  });

  it('are due from their time on, one for each status of a message, up to a limit', async () => {
    await stores.seedUnmatched(unmatched('wamid.1'), later(10));
    await stores.seedUnmatched(unmatched('wamid.2', 'sent'), later(20));
    await stores.seedUnmatched(unmatched('wamid.2'), later(30));
    expect(await dueAt(9)).toEqual([]);
    expect(await dueAt(20)).toEqual(['wamid.1 delivered', 'wamid.2 sent']);
    expect(await dueAt(99, 2)).toHaveLength(2);
    await stores.oldUnmatched.dropUnmatched(unmatched('wamid.2', 'sent'));
    expect(await dueAt(99)).toEqual(['wamid.1 delivered', 'wamid.2 delivered']);
  });
});
