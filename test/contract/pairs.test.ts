/** What is found by customer: messages by state, erased opt-outs and raw callbacks; and template locks. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Message } from '../../src/lib/messages/message.ts';
import type { Pair, PhoneNumber } from '../../src/lib/whatsapp/phone.ts';
import { BUSINESS, idOf, later, NOW, sampleMessage } from '../support/fakes/samples.ts';
import { engines, type Stores } from './engines.ts';

type NumberPair = Pair & { readonly customer: PhoneNumber };

describe.each(engines)('the data of a pair on $name', ({ open }) => {
  let stores: Stores;
  let customers = 0;
  beforeAll(async () => {
    stores = await open();
  });
  afterAll(() => stores.close());

  const newPair = (): NumberPair => {
    customers += 1;
    return { business: BUSINESS, customer: `25471234${1000 + customers}` as PhoneNumber };
  };

  async function write(pair: NumberPair, id: string, changes: Partial<Message>): Promise<void> {
    const from = { to: pair.customer, from: pair.business };
    const end = await stores.messages.create(sampleMessage({ messageId: idOf(id), ...from, ...changes }));
    if (!end.done) throw new Error(`${id} was there already`);
  }

  const parked = { status: 'parked', lease: undefined, parkedUntil: later(999) } as const;
  const sent = { status: 'sent', lease: undefined, sentAt: NOW } as const;
  const reply = { id: 'r', at: NOW, response: {}, matchedBy: 'token' } as const;

  async function writeAll(pair: NumberPair, prefix: string): Promise<void> {
    await write(pair, `${prefix}-parked`, { ...parked, createdAt: later(3) });
    await write(pair, `${prefix}-queued`, { ...parked, status: 'queued', createdAt: later(1) });
    await write(pair, `${prefix}-sending`, { parkedUntil: later(999), createdAt: later(2) });
    await write(pair, `${prefix}-async`, { status: 'queued', lease: undefined });
    await write(pair, `${prefix}-direct`, {});
    await write(pair, `${prefix}-sent`, { ...sent, createdAt: later(4) });
    await write(pair, `${prefix}-read`, { ...sent, status: 'read', createdAt: later(5) });
    await write(pair, `${prefix}-answered`, { ...sent, reply });
    await write(pair, `${prefix}-failed`, { ...sent, status: 'failed' });
    await write(pair, `${prefix}-expired`, { ...parked, status: 'expired' });
  }

  it('include its messages in each state, and those of no other pair', async () => {
    const [pair, other] = [newPair(), newPair()];
    await writeAll(pair, 'all');
    await writeAll(other, 'other');
    expect(await stores.messages.waiting(pair, 99)).toEqual(['all-queued', 'all-sending', 'all-parked']);
    const outside = ['read', 'sent', 'failed', 'expired', 'direct', 'async', 'answered'];
    expect(await stores.messages.latest(pair, 99)).toEqual(outside.map((id) => `all-${id}`));
    expect(await stores.messages.ofPair(pair, 99)).toHaveLength(10);
    expect((await stores.messages.ofPair(pair, 99)).every((id) => id.startsWith('all-'))).toBe(true);
    const swapped = { business: pair.customer, customer: pair.business };
    expect(await stores.messages.ofPair(swapped, 99)).toEqual([]);
  });

  it('include waiting messages in the order of arrival, to the millisecond, whatever their ids', async () => {
    const pair = newPair();
    const ids = ['z', 'a', 'm', 'b', '9', 'Z'].map((id) => `order-${id}`);
    for (const [n, id] of [...ids.entries()].reverse()) {
      await write(pair, id, { ...parked, createdAt: later(n / 1000) });
    }
    expect(await stores.messages.waiting(pair, 99)).toEqual(ids);
    expect(await stores.messages.waiting(pair, 2)).toEqual(ids.slice(0, 2));
    expect(await stores.messages.ofPair(pair, 4)).toHaveLength(4);
  });

  it('include the latest messages outside the recipient queue, newest first, up to a limit', async () => {
    const pair = newPair();
    const changes = [sent, { ...sent, reply }, { ...sent, status: 'failed' }, {}] as const;
    for (const n of [2, 0, 3, 1])
      await write(pair, `newest-${n}`, { ...changes[n], createdAt: later(n / 1000) });
    await write(pair, 'newest-parked', { ...parked, createdAt: later(9) });
    expect(await stores.messages.latest(pair, 3)).toEqual(['newest-3', 'newest-2', 'newest-1']);
    expect(await stores.messages.latest(pair, 4)).toHaveLength(4);
  });

  it('follow a message from state to state with the write that changes it', async () => {
    const pair = newPair();
    await write(pair, 'moving', parked);
    const read = () => stores.messages.get(idOf('moving'));
    for (const [change, waiting, latest] of [
      [{ status: 'queued' }, 1, 0],
      [{ status: 'sent', sentAt: NOW }, 0, 1],
      [{ reply }, 0, 1],
      [{ status: 'parked' }, 1, 0],
    ] as const) {
      const stored = await read();
      if (stored) await stores.messages.replace(stored, { ...stored.value, ...change });
      expect(await stores.messages.waiting(pair, 9)).toHaveLength(waiting);
      expect(await stores.messages.latest(pair, 9)).toHaveLength(latest);
    }
  });

  describe('page by page', () => {
    async function pagesOf(pair: Pair, limit: number, meanwhile?: () => Promise<void>): Promise<string[][]> {
      const pages: string[][] = [];
      let before: string | undefined;
      do {
        const page = await stores.messages.page(pair, { limit, before });
        pages.push([...page.ids]);
        before = page.next;
        await meanwhile?.();
      } while (before !== undefined);
      return pages;
    }

    const newestFirst = [
      'read',
      'sent',
      'parked',
      'sending',
      'queued',
      'failed',
      'expired',
      'direct',
      'async',
    ];

    it.each([1, 2, 3, 9, 10, 11])('are in any state, newest first, each once: %i a page', async (limit) => {
      const [pair, other] = [newPair(), newPair()];
      await writeAll(pair, `page${limit}`);
      await writeAll(other, `aside${limit}`);
      const pages = await pagesOf(pair, limit);
      expect(pages.flat()).toEqual([...newestFirst, 'answered'].map((id) => `page${limit}-${id}`));
      expect(pages.map((page) => page.length)).toEqual(
        Array.from({ length: Math.ceil(10 / limit) }, (_, n) => Math.min(limit, 10 - n * limit)),
      );
    });

    it('are each there once while they change state and new ones come', async () => {
      const pair = newPair();
      for (let n = 0; n < 6; n += 1) await write(pair, `turns-${n}`, { ...parked, createdAt: later(n) });
      let n = 0;
      const pages = await pagesOf(pair, 2, async () => {
        for (const id of ['turns-4', 'turns-3', 'turns-0'].slice(n, n + 1)) {
          const stored = await stores.messages.get(idOf(id));
          if (stored) await stores.messages.replace(stored, { ...stored.value, status: 'sent', sentAt: NOW });
        }
        await write(pair, `turns-new-${n}`, { createdAt: later(60 + n) });
        n += 1;
      });
      expect(pages.flat()).toEqual([5, 4, 3, 2, 1, 0].map((k) => `turns-${k}`));
    });

    it('are one empty page of a pair without any', async () => {
      expect(await stores.messages.page(newPair(), { limit: 5 })).toEqual({ ids: [], next: undefined });
    });
  });

  it('exclude a dropped message, even while a process holds it, and it can be dropped twice', async () => {
    const pair = newPair();
    await write(pair, 'drop-1', { ...parked, dueAt: later(-9), waId: 'wamid.drop' });
    await write(pair, 'drop-2', parked);
    const read = await stores.messages.get(idOf('drop-1'));
    if (!read) throw new Error('the message was not stored');
    await stores.messages.drop(idOf('drop-1'));
    await stores.messages.drop(idOf('drop-1'));
    expect(await stores.messages.ofPair(pair, 9)).toEqual(['drop-2']);
    expect(await stores.messages.findByWaId('wamid.drop')).toBeUndefined();
    expect(await stores.messages.due(NOW, 9)).toEqual([]);
    expect(await stores.messages.replace(read, read.value)).toMatchObject({ done: false });
    expect(await stores.messages.get(idOf('drop-1'))).toBeUndefined();
  });

  describe('an opt-out that outlives the erasure', () => {
    it('is known to every process, and applies to no other pair', async () => {
      const [pair, other] = [newPair(), newPair()];
      expect(await stores.erasedOptOuts().optedOutAt(pair)).toBeUndefined();
      await stores.erasedOptOuts().remember(pair, NOW);
      await stores.erasedOptOuts().remember(pair, NOW);
      expect(await stores.erasedOptOuts().optedOutAt(pair)).toEqual(NOW);
      const swapped = { business: pair.customer, customer: pair.business };
      for (const none of [other, swapped])
        expect(await stores.erasedOptOuts().optedOutAt(none)).toBeUndefined();
      await stores.erasedOptOuts().forget(pair);
      await stores.erasedOptOuts().forget(pair);
      expect(await stores.erasedOptOuts().optedOutAt(pair)).toBeUndefined();
    });

    it('keeps its place in the order of STOPs and STARTs, if that is known', async () => {
      const [pair, other] = [newPair(), newPair()];
      await stores.erasedOptOuts().remember(pair, NOW, { seenAt: later(3), place: 2 });
      await stores.erasedOptOuts().remember(other, NOW);
      expect(await stores.erasedOptOuts().find(pair)).toEqual({ at: NOW, seenAt: later(3), place: 2 });
      expect(await stores.erasedOptOuts().find(other)).toEqual({ at: NOW });
      expect(await stores.erasedOptOuts().find(newPair())).toBeUndefined();
    });

    it('does not reveal its number', async () => {
      const pair = newPair();
      await stores.erasedOptOuts().remember(pair, NOW);
      expect(await stores.everything()).not.toContain(pair.customer);
    });
  });

  it('include one template lock among concurrent creates, until its time is over', async () => {
    const lock = (n: number) => ({ key: 's-1', holder: idOf(`h-${n}`), at: later(n), until: later(60) });
    const ends = await Promise.all(
      Array.from({ length: 12 }, (_, n) => stores.templateLocks.create(lock(n))),
    );
    expect(ends.filter(({ done }) => done)).toHaveLength(1);
    const stored = await stores.templateLocks.get('s-1');
    if (!stored) throw new Error('no lock');
    expect(stored.value).toMatchObject({ key: 's-1', until: later(60) });
    expect(await stores.templateLocks.replace(stored, lock(50))).toMatchObject({ done: true });
    expect(await stores.templateLocks.replace(stored, lock(51))).toMatchObject({
      done: false,
      stored: { value: lock(50) },
    });
    stores.clock.moveTo(later(61));
    expect(await stores.templateLocks.get('s-1')).toBeUndefined();
    expect(await stores.templateLocks.create({ ...lock(62), until: later(999) })).toMatchObject({
      done: true,
    });
  });

  it('include template locks that can be dropped while held, and more than once', async () => {
    const lock = { key: 's-2', holder: idOf('h-1'), at: NOW, until: later(9_999_999) };
    await stores.templateLocks.create(lock);
    await stores.templateLocks.create({ ...lock, key: 's-3' });
    await stores.templateLocks.drop('s-2');
    await stores.templateLocks.drop('s-2');
    expect(await stores.templateLocks.get('s-2')).toBeUndefined();
    expect((await stores.templateLocks.get('s-3'))?.value).toMatchObject({ key: 's-3' });
  });

  it('include raw callbacks, found by the number in any spelling', async () => {
    const now = stores.clock.now();
    const spellings = [
      '254799000111',
      '+254799000111',
      '+254 799 000 111',
      '254-799-000-111',
      '+(254) 799.000.111',
      '+254\u00a0799\u2011000\u2011111',
      '254–799–000–111',
    ];
    for (const from of spellings) await stores.callbacks.keepRaw(JSON.stringify({ odd: 1, from }), now);
    await stores.callbacks.keepRaw('{"from":"254799000112"}', now);
    const drop = () => stores.callbacks.dropRawNaming(['254799000111' as PhoneNumber]);
    expect((await drop()).dropped).toBe(spellings.length);
    expect(await stores.rawCallbacks()).toEqual(['{"from":"254799000112"}']);
    expect((await drop()).dropped).toBe(0);
  });

  it('exclude template statuses, of which the latest is stored', async () => {
    const status = { id: 't-1', templateId: 't-1', templateName: 'hello', status: 'PENDING', at: NOW };
    await stores.callbacks.keepTemplateStatus(status);
    await stores.callbacks.keepTemplateStatus({ ...status, status: 'APPROVED', at: later(1) });
    await stores.callbacks.keepTemplateStatus({ ...status, id: 'x', templateId: undefined });
    const kept = [...(await stores.templates())].sort((a, b) => a.id.localeCompare(b.id));
    expect(kept).toEqual([
      { ...status, status: 'APPROVED', at: later(1) },
      { ...status, id: 'x', templateId: undefined },
    ]);
  });
});

describe.each(engines)('the salt of erased opt-outs on $name', ({ open }) => {
  it('is created once by concurrent processes', async () => {
    const stores = await open();
    const pairs = Array.from({ length: 12 }, (_, n) => ({
      business: BUSINESS,
      customer: `25471111${2000 + n}` as PhoneNumber,
    }));
    await Promise.all(pairs.map((pair) => stores.erasedOptOuts().remember(pair, NOW)));
    const known = await Promise.all(pairs.map((pair) => stores.erasedOptOuts().optedOutAt(pair)));
    expect(known).toEqual(pairs.map(() => NOW));
    await stores.close();
  });
});
