import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Callback } from '../../../src/lib/lipachat/callback.ts';
import { afterInbound, isOpen, SESSION_MS } from '../../../src/lib/whatsapp/session-window.ts';
import { later, NOW, PAIR } from '../../support/fakes/samples.ts';
import { makeWorld, type World } from '../../support/fakes/world.ts';

const HOUR_MS = 3_600_000;

/** An inbound message: its id, when it was written, and when its webhooks arrive, in ms from `NOW`. */
interface Inbound {
  readonly id: string;
  readonly writtenMs: number;
  readonly arrivesMs: readonly number[];
}

const instant = (from: number, to: number) => fc.integer({ min: from * HOUR_MS, max: to * HOUR_MS });

/** Some timestamps lie far in the past, some in the future. Each message arrives one to three times, at any hour. */
const inbounds: fc.Arbitrary<readonly Inbound[]> = fc
  .array(
    fc.record({
      writtenMs: instant(-60, 40),
      arrivesMs: fc.array(instant(0, 30), { minLength: 1, maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((all) => all.map((one, n) => ({ ...one, id: `wamid.${n}` })));

const at = (ms: number) => new Date(NOW.getTime() + ms);

const callbackOf = ({ id, writtenMs }: Pick<Inbound, 'id' | 'writtenMs'>): Callback => ({
  kind: 'inbound',
  id,
  pair: PAIR,
  writtenAt: at(writtenMs),
  said: ['Habari'],
  reply: undefined,
});

const sessionOf = async ({ sessions }: World) => (await sessions.get(PAIR))?.value;
const windowOf = async (world: World) => (await sessionOf(world))?.window;

/** Every webhook of every message, in the order of arrival. */
async function arrived(all: readonly Inbound[], world = makeWorld()): Promise<World> {
  const { handleCallbacks } = world.process('webhook');
  const webhooks = all.flatMap((one) => one.arrivesMs.map((ms) => ({ ms, callback: callbackOf(one) })));
  for (const { ms, callback } of webhooks.toSorted((a, b) => a.ms - b.ms)) {
    world.clock.moveTo(at(ms));
    await handleCallbacks([callback]);
  }
  return world;
}

/** The rule: the latest time that counts, among the messages that opened a window when they first arrived. */
function newest(all: readonly Inbound[]): number | undefined {
  const valid = all.flatMap(({ writtenMs, arrivesMs }) => {
    const first = Math.min(...arrivesMs);
    const counts = Math.min(writtenMs, first);
    return counts + SESSION_MS > first ? [counts] : [];
  });
  return valid.length > 0 ? Math.max(...valid) : undefined;
}

describe('the window after any inbound messages, late, repeated and in any order', () => {
  it('is that of the newest valid message', async () => {
    await fc.assert(
      fc.asyncProperty(inbounds, async (all) => {
        const window = await windowOf(await arrived(all));
        const expected = newest(all);
        expect(window?.lastInboundAt).toEqual(expected === undefined ? undefined : at(expected));
        expect(window?.expiresAt).toEqual(expected === undefined ? undefined : at(expected + SESSION_MS));
      }),
    );
  });

  it('is the same when they arrive in one webhook, in any order', async () => {
    const batch = inbounds.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all])));
    await fc.assert(
      fc.asyncProperty(batch, async ([all, others]) => {
        const first = makeWorld();
        const second = makeWorld();
        await first.process('webhook').handleCallbacks([...all, ...others].map(callbackOf));
        for (const one of [...others, ...all])
          await second.process('webhook').handleCallbacks([callbackOf(one)]);
        const [one, other] = [await windowOf(first), await windowOf(second)];
        expect(one?.expiresAt).toEqual(other?.expiresAt);
        expect(one?.lastInboundAt).toEqual(other?.lastInboundAt);
      }),
    );
  });

  it('is not moved by a repeat, however much later', async () => {
    await fc.assert(
      fc.asyncProperty(inbounds, instant(30, 7 * 24), async (all, afterMs) => {
        const world = await arrived(all);
        const before = await sessionOf(world);
        world.clock.moveTo(at(afterMs));
        await world.process('webhook').handleCallbacks(all.map(callbackOf));
        expect(await sessionOf(world)).toEqual(before);
      }),
    );
  });

  it('only ever moves forward', async () => {
    await fc.assert(
      fc.asyncProperty(inbounds, inbounds, async (earlier, then) => {
        const world = await arrived(earlier);
        const before = await windowOf(world);
        const others = then.map((one) => ({ ...one, id: `${one.id}-then` }));
        const after = await windowOf(await arrived(others, world));
        expect((after?.expiresAt ?? NOW) >= (before?.expiresAt ?? new Date(0))).toBe(true);
      }),
    );
  });

  it('is never open for longer than 24 hours from now, whatever the timestamp', async () => {
    await fc.assert(
      fc.asyncProperty(inbounds, async (all) => {
        const world = await arrived(all);
        const { expiresAt } = (await windowOf(world)) ?? { expiresAt: NOW };
        expect(expiresAt.getTime()).toBeLessThanOrEqual(world.clock.now().getTime() + SESSION_MS);
      }),
    );
  });

  it('does not exist when all messages were a day old', async () => {
    const old = fc.record({
      writtenMs: instant(-90, -24),
      arrivesMs: fc.array(instant(0, 9), { minLength: 1 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(old), async (all) => {
        expect(await sessionOf(await arrived(all.map((one, n) => ({ ...one, id: `${n}` }))))).toBeUndefined();
      }),
    );
  });

  it('is not changed by statuses, notices and unparsed callbacks', async () => {
    const noise: fc.Arbitrary<Callback> = fc.oneof(
      fc.record({
        kind: fc.constant('status' as const),
        messageId: fc.constantFrom(undefined, 'm'),
        report: fc.record({ status: fc.constantFrom('sent', 'delivered', 'read'), waId: fc.constant('w') }),
        at: fc.constant(undefined),
      }),
      fc.record({ kind: fc.constant('notice' as const), about: fc.constant('template-status') }),
      fc.record({ kind: fc.constant('unrecognised' as const), raw: fc.json() }),
    );
    await fc.assert(
      fc.asyncProperty(inbounds, fc.array(noise), async (all, callbacks) => {
        const world = await arrived(all);
        const before = await sessionOf(world);
        await world.process('webhook').handleCallbacks(callbacks);
        expect(await sessionOf(world)).toEqual(before);
      }),
    );
  });

  it("belongs to another pair only if that pair's customer wrote", async () => {
    await fc.assert(
      fc.asyncProperty(inbounds, async (all) => {
        const world = await arrived(all);
        expect(world.sessions.all().every(({ pair }) => pair.customer === PAIR.customer)).toBe(true);
        expect(
          await world.sessions.get({ business: PAIR.customer, customer: PAIR.business }),
        ).toBeUndefined();
      }),
    );
  });
});

describe('a window', () => {
  it('is moved by a timestamp in the future as by one of now', () => {
    fc.assert(
      fc.property(instant(0, 90), (aheadMs) => {
        const moved = afterInbound({ pair: PAIR }, { writtenAt: at(aheadMs), now: NOW });
        const window = { openedAt: NOW, lastInboundAt: NOW, expiresAt: later(86_400) };
        expect(moved).toEqual({ pair: PAIR, window });
      }),
    );
  });

  it("moves without changing the customer's opt-out or pace", () => {
    const instants = fc.tuple(instant(-90, 40), instant(-90, 40));
    fc.assert(
      fc.property(instants, fc.boolean(), ([firstMs, secondMs], optedOut) => {
        const known = { pair: PAIR, consent: { optedOut, at: later(-5) }, paceUntil: later(3) };
        const once = afterInbound(known, { writtenAt: at(firstMs), now: NOW });
        const twice = afterInbound(once, { writtenAt: at(secondMs), now: NOW });
        expect(twice).toEqual({ ...known, ...(twice.window ? { window: twice.window } : {}) });
      }),
    );
  });

  it('is open until its margin before the end, to the millisecond', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3_600 }),
        fc.integer({ min: -5_000, max: 5_000 }),
        (margin, ms) => {
          const window = { openedAt: NOW, lastInboundAt: NOW, expiresAt: later(86_400) };
          const now = new Date(window.expiresAt.getTime() - margin * 1000 + ms);
          expect(isOpen({ pair: PAIR, window }, now, margin)).toBe(ms < 0);
        },
      ),
    );
  });
});
