import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Message } from '../../src/lib/messages/message.ts';
import type { Stored } from '../../src/lib/platform/ports.ts';
import { idOf, later, NOW, sampleMessage, sampleSession } from '../support/fakes/samples.ts';
import { engines, type Stores } from './engines.ts';

describe.each(engines)('messages that are due on $name', ({ open }) => {
  let stores: Stores;
  let written: Stored<Message>[] = [];
  beforeAll(async () => {
    stores = await open();
  });
  afterAll(() => stores.close());
  afterEach(async () => {
    for (const { value } of written) {
      const stored = await stores.messages.get(value.messageId);
      if (stored) await stores.messages.remove(stored);
    }
    written = [];
  });

  async function dueIn(seconds: number | undefined, id: string): Promise<Stored<Message>> {
    const dueAt = seconds === undefined ? undefined : later(seconds);
    const waiting = sampleMessage({ messageId: idOf(id), status: 'queued', lease: undefined, dueAt });
    const end = await stores.messages.create(waiting);
    if (!end.done) throw new Error(`${id} was there already`);
    written.push(end.stored);
    return end.stored;
  }

  it('are those with a due time in the past, up to the current millisecond', async () => {
    await dueIn(-1, 'before');
    await dueIn(0, 'now');
    await dueIn(0.001, 'after');
    expect([...(await stores.messages.due(NOW, 10))].sort()).toEqual(['before', 'now']);
    expect(await stores.messages.due(later(0.001), 10)).toHaveLength(3);
  });

  it('are returned oldest first, whatever their ids', async () => {
    const ids = Array.from({ length: 12 }, (_, n) => `order-${String.fromCharCode(97 + ((n * 7) % 12))}`);
    for (const [n, id] of ids.entries()) await dueIn(-100 + n, id);
    expect(await stores.messages.due(NOW, 100)).toEqual(ids);
  });

  it.each([1, 5, 8])('are limited to %i on request', async (limit) => {
    for (let n = 0; n < 16; n += 1) await dueIn(-n, `limit-${n}`);
    const found = await stores.messages.due(NOW, limit);
    expect(found.length).toBeLessThanOrEqual(limit);
    expect(found.length).toBeGreaterThan(0);
  });

  it('exclude messages with nothing left to do', async () => {
    await dueIn(undefined, 'settled');
    expect(await stores.messages.due(later(1e9), 10)).toEqual([]);
  });

  it('exclude a message while it holds a lease, and include it again when it waits', async () => {
    const lease = { owner: 'o-1', until: later(-5), phase: 'dispatched' } as const;
    const stored = await dueIn(-5, 'claimed');
    const claimed = await stores.messages.replace(stored, { ...stored.value, lease });
    expect(await stores.messages.due(NOW, 10)).toEqual([]);
    if (claimed.done) await stores.messages.replace(claimed.stored, { ...stored.value, lease: undefined });
    expect(await stores.messages.due(NOW, 10)).toEqual(['claimed']);
  });

  it('exclude a message once a write has removed its due time', async () => {
    const stored = await dueIn(-5, 'done');
    await stores.messages.replace(stored, { ...stored.value, dueAt: undefined });
    expect(await stores.messages.due(NOW, 10)).toEqual([]);
  });

  it('move when a write moves their due time', async () => {
    const stored = await dueIn(-5, 'moved');
    await stores.messages.replace(stored, { ...stored.value, dueAt: later(60) });
    expect(await stores.messages.due(NOW, 10)).toEqual([]);
    expect(await stores.messages.due(later(60), 10)).toEqual(['moved']);
  });

  it('exclude a message once it was removed', async () => {
    const stored = await dueIn(-5, 'dropped');
    await stores.messages.remove(stored);
    expect(await stores.messages.due(NOW, 10)).toEqual([]);
  });
});

describe.each(engines)('messages that are unknown for good on $name', ({ open }) => {
  let stores: Stores;
  beforeEach(async () => {
    stores = await open();
  });
  afterEach(() => stores.close());

  const entry = (status: Message['status'], seconds: number) =>
    ({ at: later(seconds), status, source: 'gateway' }) as const;

  async function write(id: string, changes: Partial<Message> = {}): Promise<Stored<Message>> {
    const unknown = { status: 'unknown', lease: undefined, dueAt: undefined } as const;
    const message = sampleMessage({ messageId: idOf(id), ...unknown, ...changes });
    const end = await stores.messages.create(message);
    if (!end.done) throw new Error(`${id} was there already`);
    expect(end.stored.value).toEqual(message);
    return end.stored;
  }

  it('are listed by since when, oldest first, up to an instant and a limit', async () => {
    const ids = Array.from({ length: 12 }, (_, n) => `since-${String.fromCharCode(97 + ((n * 7) % 12))}`);
    for (const [n, id] of [...ids.entries()].reverse())
      await write(id, { createdAt: later(-n), timeline: [entry('sending', -n), entry('unknown', n)] });
    expect(await stores.messages.unknown(later(99), 99)).toEqual(ids);
    expect(await stores.messages.unknown(later(4), 99)).toEqual(ids.slice(0, 5));
    expect(await stores.messages.unknown(later(99), 3)).toEqual(ids.slice(0, 3));
  });

  it('count from the last time, and from their creation if the timeline is full', async () => {
    await write('twice', { timeline: [entry('unknown', 1), entry('queued', 2), entry('unknown', 30)] });
    await write('full', { createdAt: later(20), timeline: [entry('sending', 20)] });
    expect(await stores.messages.unknown(later(29), 9)).toEqual(['full']);
    expect(await stores.messages.unknown(later(30), 9)).toEqual(['full', 'twice']);
  });

  it('are never due, and are read without a due time', async () => {
    await write('resting');
    expect(await stores.messages.due(later(1e9), 9)).toEqual([]);
    const stored = await stores.messages.get(idOf('resting'));
    expect(stored?.value.dueAt).toBeUndefined();
    if (!stored) throw new Error('not there');
    const again = await stores.messages.replace(stored, { ...stored.value, attempts: 2 });
    expect(again.stored?.value).toEqual({ ...stored.value, attempts: 2 });
    expect(await stores.messages.unknown(later(99), 9)).toEqual(['resting']);
  });

  it('exclude one that is to be repeated, and each in another status', async () => {
    await write('repeated', { dueAt: later(5) });
    await write('sent', { status: 'sent', sentAt: NOW });
    await write('failed', { status: 'failed', timeline: [entry('unknown', 0), entry('failed', 1)] });
    expect(await stores.messages.unknown(later(99), 9)).toEqual([]);
    expect(await stores.messages.due(later(5), 9)).toEqual(['repeated']);
  });

  it('come and go with the writes that change them', async () => {
    let stored = await write('going', { dueAt: later(5) });
    for (const [change, unknown, due] of [
      [{ dueAt: undefined }, 1, 0],
      [{ status: 'sent', sentAt: NOW }, 0, 0],
      [{ status: 'unknown' }, 1, 0],
      [{ dueAt: later(7) }, 0, 1],
    ] as const) {
      const end = await stores.messages.replace(stored, { ...stored.value, ...change });
      if (!end.done) throw new Error('not replaced');
      stored = end.stored;
      expect(await stores.messages.unknown(later(99), 9)).toHaveLength(unknown);
      expect(await stores.messages.due(later(99), 9)).toHaveLength(due);
    }
    await stores.messages.drop(idOf('going'));
    expect(await stores.messages.due(later(99), 9)).toEqual([]);
  });
});

describe.each(engines)('messages that a crash left on $name', ({ open }) => {
  let stores: Stores;
  const lease = (seconds: number) => ({ owner: 'o-1', until: later(seconds), phase: 'dispatched' }) as const;
  const create = async (id: string, changes: Partial<Message>) => {
    const end = await stores.messages.create(sampleMessage({ messageId: idOf(id), ...changes }));
    if (!end.done) throw new Error(`${id} was there already`);
    return end.stored;
  };
  const claimed = (id: string, seconds: number) =>
    create(id, { status: 'sending', lease: lease(seconds), dueAt: later(seconds) });

  beforeEach(async () => {
    stores = await open();
  });
  afterEach(() => stores.close());

  async function foundIn(segment: number, of: number, now = NOW): Promise<string[]> {
    const found: string[] = [];
    let after: string | undefined;
    do {
      const { ids, next } = await stores.messages.abandoned({ segment, of }, { now, after });
      found.push(...ids);
      after = next;
    } while (after !== undefined);
    return found;
  }

  it('are those whose lease is over, up to the current millisecond', async () => {
    await claimed('before', -60);
    await claimed('now', 0);
    await claimed('after', 0.001);
    expect((await foundIn(0, 1)).toSorted()).toEqual(['before', 'now']);
    expect(await foundIn(0, 1, later(0.001))).toHaveLength(3);
  });

  it('exclude what waits, what is settled, what was given up, and what is no message', async () => {
    await create('waits', { status: 'queued', lease: undefined, dueAt: later(-5) });
    await create('settled', { status: 'sent', lease: undefined, dueAt: undefined });
    await create('given-up', { status: 'unknown', lease: lease(-5), dueAt: undefined });
    await stores.sessions.create(sampleSession());
    expect(await foundIn(0, 1)).toEqual([]);
  });

  it('include one that a callback has proved, and one that was answered before', async () => {
    const answer = { kind: 'sent', body: '{}' } as const;
    await create('proven', { status: 'delivered', lease: lease(-5), dueAt: later(-5) });
    await create('resend', { status: 'sending', lease: lease(-5), dueAt: later(-5), answer });
    expect((await foundIn(0, 1)).toSorted()).toEqual(['proven', 'resend']);
  });

  it('are gone once they are settled, erased or expired', async () => {
    const { value, ...rest } = await claimed('settled', -5);
    await stores.messages.replace({ value, ...rest }, { ...value, lease: undefined, dueAt: undefined });
    await claimed('erased', -5);
    await stores.messages.drop(idOf('erased'));
    expect(await foundIn(0, 1)).toEqual([]);
  });

  it('are each in one part of the table, in however many parts and pages it is read', async () => {
    const ids = Array.from({ length: 240 }, (_, n) => `part-${n}`);
    for (const [n, id] of ids.entries()) {
      await (n % 4 === 0
        ? claimed(id, -5)
        : create(id, { status: 'sent', lease: undefined, dueAt: undefined }));
    }
    const crashed = ids.filter((_, n) => n % 4 === 0).toSorted();
    for (const of of [1, 3, 1_440]) {
      const found: string[] = [];
      for (let segment = 0; segment < of; segment += 1) found.push(...(await foundIn(segment, of)));
      expect(found.toSorted()).toEqual(crashed);
    }
  });
});

describe.each(engines)('messages by WhatsApp’s id on $name', ({ open }) => {
  let stores: Stores;
  beforeAll(async () => {
    stores = await open();
  });
  afterAll(() => stores.close());

  it('are found from the write that sets the id', async () => {
    const end = await stores.messages.create(sampleMessage({ messageId: idOf('found') }));
    expect(await stores.messages.findByWaId('wamid.found')).toBeUndefined();
    if (!end.done) throw new Error('not created');
    await stores.messages.replace(end.stored, { ...end.stored.value, waId: 'wamid.found' });
    expect(await stores.messages.findByWaId('wamid.found')).toBe('found');
  });

  it('are not found by part of it, or in another case', async () => {
    await stores.messages.create(sampleMessage({ messageId: idOf('exact'), waId: 'wamid.Exact' }));
    expect(await stores.messages.findByWaId('wamid.Exac')).toBeUndefined();
    expect(await stores.messages.findByWaId('wamid.exact')).toBeUndefined();
  });

  it('are not found once they were removed', async () => {
    const end = await stores.messages.create(sampleMessage({ messageId: idOf('out'), waId: 'wamid.out' }));
    if (end.done) await stores.messages.remove(end.stored);
    expect(await stores.messages.findByWaId('wamid.out')).toBeUndefined();
  });
});
