import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Message, waKeyOf } from '../../src/lib/messages/message.ts';
import type { Stored } from '../../src/lib/platform/ports.ts';
import { idOf, later, NOW, sampleMessage } from '../support/fakes/samples.ts';
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
    const end = await stores.messages.create(sampleMessage({ messageId: idOf(id), dueAt }));
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

  it('exclude unmatched statuses, which are read separately', async () => {
    const report = { status: 'delivered', at: NOW, waId: 'wamid.due' } as const;
    await stores.callbacks.keepUnmatched({ waKey: 'wamid.due', report, keptAt: NOW }, later(-5));
    await dueIn(-5, 'message');
    expect(await stores.messages.due(NOW, 10)).toEqual(['message']);
    expect((await stores.callbacks.dueUnmatched(NOW, 10)).map(({ waKey }) => waKey)).toEqual(['wamid.due']);
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

  it('exclude unmatched statuses under the same id', async () => {
    const report = { status: 'delivered', at: NOW } as const;
    await stores.callbacks.keepUnmatched({ waKey: waKeyOf('wamid.orphan'), report, keptAt: NOW }, later(20));
    expect(await stores.messages.findByWaId('wamid.orphan')).toBeUndefined();
  });

  it('are not found once they were removed', async () => {
    const end = await stores.messages.create(sampleMessage({ messageId: idOf('out'), waId: 'wamid.out' }));
    if (end.done) await stores.messages.remove(end.stored);
    expect(await stores.messages.findByWaId('wamid.out')).toBeUndefined();
  });
});
