import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idOf, later, sampleMessage } from '../support/fakes/samples.ts';
import { engines, type Stores } from './engines.ts';

describe.each(engines)('a message store on $name', ({ open }) => {
  let stores: Stores;
  beforeAll(async () => {
    stores = await open();
  });
  afterAll(() => stores.close());

  const created = async (id: string, changes: Parameters<typeof sampleMessage>[0] = {}) => {
    const written = await stores.messages.create(sampleMessage({ messageId: idOf(id), ...changes }));
    if (!written.done) throw new Error(`${id} was there already`);
    return written.stored;
  };

  it('finds nothing under an unused id', async () => {
    expect(await stores.messages.get(idOf('never-written'))).toBeUndefined();
  });

  it('creates a message that does not exist, and returns what it stored', async () => {
    const message = sampleMessage({ messageId: idOf('created') });
    const written = await stores.messages.create(message);
    expect(written).toMatchObject({ done: true, stored: { value: { messageId: 'created', epoch: 1 } } });
    expect(await stores.messages.get(idOf('created'))).toEqual(written.stored);
  });

  it('does not create over a message, and returns the existing one', async () => {
    const first = await created('taken', { clientId: 'first' });
    const second = await stores.messages.create(
      sampleMessage({ messageId: idOf('taken'), clientId: 'second' }),
    );
    expect(second).toEqual({ done: false, stored: first });
    expect((await stores.messages.get(idOf('taken')))?.value.clientId).toBe('first');
  });

  it('lets one of twenty concurrent creates succeed, and returns its message to the others', async () => {
    const racers = Array.from({ length: 20 }, (_, n) =>
      stores.messages.create(sampleMessage({ messageId: idOf('raced'), clientId: `client-${n}` })),
    );
    const ends = await Promise.all(racers);
    const winners = ends.filter((end) => end.done);
    expect(winners).toHaveLength(1);
    expect(new Set(ends.map((end) => end.stored?.value.clientId)).size).toBe(1);
  });

  it('replaces the message that was read, under a new revision', async () => {
    const first = await created('replaced');
    const written = await stores.messages.replace(first, { ...first.value, epoch: 2 });
    expect(written).toMatchObject({ done: true, stored: { value: { epoch: 2 } } });
    expect([undefined, first.revision]).not.toContain(written.stored?.revision);
    expect(await stores.messages.get(idOf('replaced'))).toEqual(written.stored);
  });

  it('does not replace a message that has changed since, even back to what it was', async () => {
    const first = await created('changed');
    const second = await stores.messages.replace(first, { ...first.value, epoch: 2 });
    if (!second.done) throw new Error('not replaced');
    const third = await stores.messages.replace(second.stored, first.value);
    const late = await stores.messages.replace(first, { ...first.value, epoch: 9 });
    expect(late).toEqual({ done: false, stored: third.stored });
    expect((await stores.messages.get(idOf('changed')))?.value.epoch).toBe(1);
  });

  it('does not replace a message that no longer exists', async () => {
    const first = await created('gone');
    await stores.messages.remove(first);
    expect(await stores.messages.replace(first, { ...first.value, epoch: 2 })).toEqual({
      done: false,
      stored: undefined,
    });
    expect(await stores.messages.get(idOf('gone'))).toBeUndefined();
  });

  it('lets one of twenty concurrent replaces succeed', async () => {
    const first = await created('fenced');
    const ends = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        stores.messages.replace(first, { ...first.value, clientId: `client-${n}` }),
      ),
    );
    const [winner, ...others] = ends.filter((end) => end.done);
    expect(others).toEqual([]);
    expect((await stores.messages.get(idOf('fenced')))?.value).toEqual(winner?.stored.value);
  });

  it('removes the message that was read', async () => {
    const first = await created('removed');
    expect(await stores.messages.remove(first)).toBe(true);
    expect(await stores.messages.get(idOf('removed'))).toBeUndefined();
  });

  it('does not remove a message that has changed since', async () => {
    const first = await created('kept');
    await stores.messages.replace(first, { ...first.value, epoch: 2 });
    expect(await stores.messages.remove(first)).toBe(false);
    expect((await stores.messages.get(idOf('kept')))?.value.epoch).toBe(2);
  });

  it('does not remove a later message under the same id', async () => {
    const first = await created('again');
    await stores.messages.remove(first);
    await created('again', { clientId: 'second' });
    expect(await stores.messages.remove(first)).toBe(false);
    expect((await stores.messages.get(idOf('again')))?.value.clientId).toBe('second');
  });

  it('treats a message that no longer exists as removed', async () => {
    const first = await created('twice');
    await stores.messages.remove(first);
    expect(await stores.messages.remove(first)).toBe(true);
  });
});

describe.each(engines)('a message past its retention on $name', ({ open }) => {
  let stores: Stores;
  beforeAll(async () => {
    stores = await open();
    const old = { clientId: 'old', expiresAt: later(86_400) };
    await stores.messages.create(sampleMessage({ messageId: idOf('over'), ...old }));
    await stores.messages.create(sampleMessage({ messageId: idOf('reused'), ...old }));
  });
  afterAll(() => stores.close());

  it('exists until the last second', async () => {
    stores.clock.moveTo(later(86_400 - 1));
    expect(await stores.messages.get(idOf('over'))).toBeDefined();
    const written = await stores.messages.create(sampleMessage({ messageId: idOf('over') }));
    expect(written.done).toBe(false);
  });

  it('is gone from then on, deleted or not', async () => {
    stores.clock.moveTo(later(86_400));
    expect(await stores.messages.get(idOf('over'))).toBeUndefined();
  });

  it('can be replaced by a new one under its id', async () => {
    const now = later(86_400);
    const next = sampleMessage({ messageId: idOf('reused'), clientId: 'new', expiresAt: later(86_400, now) });
    expect(await stores.messages.create(next)).toMatchObject({ done: true });
    expect((await stores.messages.get(idOf('reused')))?.value.clientId).toBe('new');
  });
});
