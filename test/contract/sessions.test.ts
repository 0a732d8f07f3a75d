import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stored } from '../../src/lib/platform/ports.ts';
import type { Pair, PhoneNumber } from '../../src/lib/whatsapp/phone.ts';
import type { Session } from '../../src/lib/whatsapp/session-window.ts';
import { BUSINESS, CUSTOMER, later, NOW, sampleSession } from '../support/fakes/samples.ts';
import { engines, type Stores } from './engines.ts';

type NumberPair = Pair & { readonly customer: PhoneNumber };

describe.each(engines)('sessions on $name', ({ open }) => {
  let stores: Stores;
  let customers = 0;
  beforeAll(async () => {
    stores = await open();
  });
  afterAll(() => stores.close());

  /** A pair that no other test uses. */
  const newPair = (): NumberPair => {
    customers += 1;
    return { business: BUSINESS, customer: `2547000000${10 + customers}` as PhoneNumber };
  };

  async function created(session: Session): Promise<Stored<Session>> {
    const written = await stores.sessions.create(session);
    if (!written.done) throw new Error('there is one already');
    return written.stored;
  }

  it('are read as they were stored, to the millisecond', async () => {
    const pair = newPair();
    const session: Session = {
      pair,
      window: {
        openedAt: new Date(NOW.getTime() - 1),
        lastInboundAt: new Date(NOW.getTime() + 1),
        expiresAt: new Date(NOW.getTime() + 86_400_001),
      },
      consent: { optedOut: true, at: new Date(NOW.getTime() + 2) },
      paceUntil: new Date(NOW.getTime() + 6_003),
    };
    await created(session);
    expect((await stores.sessions.get(pair))?.value).toEqual(session);
  });

  it.each<[string, Omit<Session, 'pair'>]>([
    ['nothing but a window', { window: sampleSession().window }],
    ['nothing but a STOP', { consent: { optedOut: true, at: NOW } }],
    ['nothing but a START', { consent: { optedOut: false, at: NOW } }],
    ['a STOP at the beginning of time', { consent: { optedOut: true, at: new Date(0) } }],
    ['nothing but a pace', { paceUntil: later(6) }],
    ['nothing at all', {}],
  ])('are read with %s', async (_, parts) => {
    const session = { pair: newPair(), ...parts };
    await created(session);
    expect((await stores.sessions.get(session.pair))?.value).toEqual(session);
  });

  it('are read in bulk, each in the place of its pair, with nothing for a pair that has none', async () => {
    const [a, b, nobody] = [newPair(), newPair(), newPair()];
    await created(sampleSession(NOW, a));
    await created(sampleSession(later(5), b));
    const found = await stores.sessions.getMany([b, nobody, a, b]);
    expect(found.map((session) => session?.pair)).toEqual([b, undefined, a, b]);
    expect(await stores.sessions.getMany([])).toEqual([]);
  });

  it('report in bulk who opted out and was erased', async () => {
    const [a, b] = [newPair(), newPair()];
    expect(await stores.erasedOptOuts().whoOptedOut([a, b])).toEqual([false, false]);
    await stores.erasedOptOuts().remember(b, NOW);
    expect(await stores.erasedOptOuts().whoOptedOut([a, b, a])).toEqual([false, true, false]);
  });

  it('remember an erasure, of this pair only', async () => {
    const [pair, other] = [newPair(), newPair()];
    expect(await stores.erasedOptOuts().wasErased(pair)).toBe(false);
    await stores.erasedOptOuts().noteErasure(pair, NOW);
    expect(await stores.erasedOptOuts().wasErased(pair)).toBe(true);
    expect(await stores.erasedOptOuts().wasErased(other)).toBe(false);
    expect(await stores.erasedOptOuts().optedOutAt(pair)).toBeUndefined();
  });

  it('leave a tombstone when they are erased, of this pair only, with the time of the last erasure', async () => {
    const [pair, other] = [newPair(), newPair()];
    expect(await stores.tombstones.erasedAt(pair)).toBeUndefined();
    await stores.tombstones.bury(pair, later(3));
    await stores.tombstones.bury(pair, later(7));
    expect(await stores.tombstones.erasedAt(pair)).toEqual(later(7));
    expect(await stores.tombstones.erasedAt(other)).toBeUndefined();
    const since = async (at: Date, { business } = pair) =>
      (await stores.tombstones.erasedSince(business, at))(pair.customer);
    expect(await since(later(7))).toBe(true);
    expect(await since(later(8))).toBe(false);
    expect(await since(later(1), { ...pair, business: '254110090748' as PhoneNumber })).toBe(false);
    expect((await stores.tombstones.erasedSince(pair.business, later(7)))(other.customer)).toBe(false);
  });

  it('are gone once they were removed as they were read, and can be removed twice', async () => {
    const pair = newPair();
    const other = newPair();
    const first = await created(sampleSession(NOW, pair));
    await created(sampleSession(NOW, other));
    await stores.sessions.replace(first, sampleSession(later(9), pair));
    expect(await stores.sessions.remove(first)).toBe(false);
    const read = await stores.sessions.get(pair);
    if (!read) throw new Error('it was removed by a revision that is not stored');
    expect(await stores.sessions.remove(read)).toBe(true);
    expect(await stores.sessions.remove(read)).toBe(true);
    expect(await stores.sessions.get(pair)).toBeUndefined();
    expect(await stores.sessions.get(other)).toBeDefined();
    expect(await stores.sessions.replace(first, sampleSession(later(10), pair))).toEqual({
      done: false,
      stored: undefined,
    });
  });

  it('belong to one business number and one customer', async () => {
    const pair = newPair();
    await created(sampleSession(NOW, pair));
    const swapped = { business: pair.customer, customer: pair.business };
    expect(await stores.sessions.get(swapped)).toBeUndefined();
    expect(await stores.sessions.get({ ...pair, business: '254110090748' as PhoneNumber })).toBeUndefined();
    expect(await stores.sessions.get({ ...pair, customer: CUSTOMER })).toBeUndefined();
  });

  it('are distinct even if the digits of two pairs run together', async () => {
    const one = { business: '25411' as PhoneNumber, customer: '0090747' as PhoneNumber };
    const other = { business: '254110' as PhoneNumber, customer: '090747' as PhoneNumber };
    await created(sampleSession(NOW, one));
    expect(await stores.sessions.get(other)).toBeUndefined();
  });

  it('are created once, and a second create returns the first session', async () => {
    const pair = newPair();
    const first = await created(sampleSession(NOW, pair));
    expect(await stores.sessions.create(sampleSession(later(60), pair))).toEqual({
      done: false,
      stored: first,
    });
  });

  it('are replaced only as they were read', async () => {
    const pair = newPair();
    const first = await created(sampleSession(NOW, pair));
    const second = await stores.sessions.replace(first, sampleSession(later(60), pair));
    expect(second.done).toBe(true);
    expect(await stores.sessions.replace(first, sampleSession(later(30), pair))).toEqual({
      done: false,
      stored: second.stored,
    });
    expect((await stores.sessions.get(pair))?.value.window?.lastInboundAt).toEqual(later(60));
  });

  it('let one of twenty concurrent first messages open the window', async () => {
    const pair = newPair();
    const ends = await Promise.all(
      Array.from({ length: 20 }, (_, n) => stores.sessions.create(sampleSession(later(n), pair))),
    );
    expect(ends.filter(({ done }) => done)).toHaveLength(1);
    expect(new Set(ends.map(({ stored }) => stored?.revision)).size).toBe(1);
  });

  it('are kept forever with a STOP, and for a month with a START', async () => {
    const [stopped, started] = [newPair(), newPair()];
    const from = stores.clock.now();
    await created({ pair: stopped, consent: { optedOut: true, at: from } });
    await created({ pair: started, consent: { optedOut: false, at: from } });
    stores.clock.moveTo(later(31 * 86_400, from));
    expect(await stores.sessions.get(started)).toBeUndefined();
    stores.clock.moveTo(later(400 * 86_400, from));
    expect((await stores.sessions.get(stopped))?.value.consent?.optedOut).toBe(true);
  });

  it('remain after the window closes, and are gone a month after the last message', async () => {
    const pair = newPair();
    const from = stores.clock.now();
    await created(sampleSession(from, pair));
    stores.clock.moveTo(later(29 * 86_400, from));
    expect(await stores.sessions.get(pair)).toBeDefined();
    const over = later(31 * 86_400, from);
    stores.clock.moveTo(over);
    expect(await stores.sessions.get(pair)).toBeUndefined();
    expect((await stores.sessions.create(sampleSession(over, pair))).done).toBe(true);
  });
});
