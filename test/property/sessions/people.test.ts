import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Callback } from '../../../src/lib/lipachat/callback.ts';
import type { UserId } from '../../../src/lib/whatsapp/customer.ts';
import type { Pair } from '../../../src/lib/whatsapp/phone.ts';
import { faultyLink } from '../../support/fakes/link.ts';
import { BUSINESS, CUSTOMER, later, PAIR } from '../../support/fakes/samples.ts';
import { makeWorld, type World } from '../../support/fakes/world.ts';
import { runs } from '../../support/property-runs.ts';

const ID = 'KE.777' as UserId;
const BY_ID: Pair = { business: BUSINESS, customer: ID };

interface Entry {
  readonly names: 'number' | 'id' | 'both';
  readonly says: 'hello' | 'stop';
  /** Seconds after the start. */
  readonly at: number;
  readonly process: 0 | 1 | 2 | 3;
  readonly repeats: boolean;
}

const entry: fc.Arbitrary<Entry> = fc.record({
  names: fc.constantFrom('number', 'id', 'both'),
  says: fc.constantFrom('hello', 'hello', 'stop'),
  at: fc.nat(600),
  process: fc.constantFrom(0, 1, 2, 3),
  repeats: fc.boolean(),
});

const callbackOf = ({ names, says, at }: Entry, n: number): Callback => ({
  kind: 'inbound',
  id: `in-${n}`,
  pair: names === 'id' ? BY_ID : PAIR,
  writtenAt: later(at),
  said: [says],
  reply: undefined,
  ...(names === 'both' ? { people: [{ number: CUSTOMER, userId: ID }] } : {}),
});

const everything = (world: World) =>
  JSON.stringify([world.sessions.all(), world.personAliases.all(), world.callbacks.raw()]);

/** What four processes make of the entries, all at once, each with a fault. */
async function run(entries: readonly Entry[], faultAt: number): Promise<World> {
  const world = makeWorld();
  world.clock.advance(3_600_000);
  const processes = Array.from({ length: 4 }, (_, n) => {
    const { link, fail } = faultyLink();
    fail(['get', 'create', 'replace', 'remove'][n] ?? 'get', 'after', { nth: faultAt });
    return world.process(`p${n}`, { link });
  });
  const tried = async (one: Callback, process: number) => {
    const p = processes[process];
    // The queue delivers a failed callback again.
    for (let tries = 0; tries < 3; tries += 1) {
      const isDone = await p?.handleCallbacks([one]).then(
        () => true,
        () => false,
      );
      if (isDone) return;
    }
    throw new Error('it failed three times');
  };
  const copies = entries.flatMap((one, n) => {
    const callback = callbackOf(one, n);
    return [tried(callback, one.process), ...(one.repeats ? [tried(callback, (one.process + 1) % 4)] : [])];
  });
  await Promise.all(copies);
  return world;
}

describe('a person whom callbacks name by number, by user id and by both', () => {
  it('is one person in every order, over four processes with faults: one window, and a STOP counts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { minLength: 1, maxLength: 8 }),
        fc.nat(12),
        async (entries, faultAt) => {
          const all: Entry[] = [
            ...entries,
            { names: 'both', says: 'hello', at: 1, process: 0, repeats: true },
          ];
          const world = await run(all, faultAt + 1);
          const p = world.process('reader');
          expect(world.sessions.all().map(({ pair }) => pair.customer)).toEqual([CUSTOMER]);
          for (const pair of [PAIR, BY_ID]) {
            expect(await p.read.session(pair)).toMatchObject({
              lastInboundAt: later(Math.max(...all.map(({ at }) => at))).toISOString(),
              optedOut: all.some(({ says }) => says === 'stop'),
            });
          }
          await p.erase(all.length % 2 === 0 ? PAIR : BY_ID, 'c');
          expect(everything(world)).toBe('[[],[],[]]');
        },
      ),
      { numRuns: runs(150) },
    );
  });
});
