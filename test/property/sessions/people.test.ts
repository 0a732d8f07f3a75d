import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Callback } from '../../../src/lib/lipachat/callback.ts';
import type { UserId } from '../../../src/lib/whatsapp/customer.ts';
import type { Pair } from '../../../src/lib/whatsapp/phone.ts';
import { faultyLink, type Link } from '../../support/fakes/link.ts';
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

/** A link whose calls take these many turns of the event loop. */
function jittery(link: Link, turns: readonly number[]): Link {
  let calls = 0;
  return async (call, apply) => {
    calls += 1;
    for (let n = turns[calls % turns.length] ?? 0; n > 0; n -= 1) await Promise.resolve();
    return link(call, apply);
  };
}

/** What four processes make of the entries, each with a fault: the first ones one by one, the others all at once. */
async function run(
  entries: readonly Entry[],
  {
    apart,
    faultAt,
    turns,
  }: { readonly apart: number; readonly faultAt: number; readonly turns: readonly number[] },
): Promise<World> {
  const world = makeWorld();
  world.clock.advance(3_600_000);
  const processes = Array.from({ length: 4 }, (_, n) => {
    const { link, fail } = faultyLink();
    fail(['get', 'create', 'replace', 'remove'][n] ?? 'get', 'after', { nth: faultAt });
    return world.process(`p${n}`, { link: jittery(link, turns.slice(n)) });
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
  const copiesOf = (one: Entry, n: number) => {
    const callback = callbackOf(one, n);
    return [tried(callback, one.process), ...(one.repeats ? [tried(callback, (one.process + 1) % 4)] : [])];
  };
  for (const [n, one] of entries.entries()) if (n < apart) await Promise.all(copiesOf(one, n));
  await Promise.all(entries.flatMap((one, n) => (n < apart ? [] : copiesOf(one, n))));
  return world;
}

describe('a person whom callbacks name by number, by user id and by both', () => {
  it('is one person in every order, over four processes with faults: one window, and a STOP counts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { minLength: 1, maxLength: 8 }),
        fc.nat(3),
        fc.nat(12),
        fc.array(fc.nat(20), { minLength: 20, maxLength: 40 }),
        async (entries, apart, faultAt, turns) => {
          const all: Entry[] = [
            ...entries,
            { names: 'both', says: 'hello', at: 1, process: 0, repeats: true },
          ];
          const world = await run(all, { apart, faultAt: faultAt + 1, turns });
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
