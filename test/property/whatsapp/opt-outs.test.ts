import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_WORDS } from '../../../src/lib/whatsapp/opt-out-words.ts';
import { afterConsent, hasOptedOut, type Session } from '../../../src/lib/whatsapp/session-window.ts';
import { later, PAIR, sampleRequest, sampleSession } from '../../support/fakes/samples.ts';
import { makeWorld, type Process, type World } from '../../support/fakes/world.ts';

/** One opt-out or opt-in: typed by the customer with WhatsApp's timestamp, or requested for them through the API. */
interface Word {
  readonly says: 'stop' | 'start';
  readonly by: 'typed' | 'route';
  /** Its timestamp, in seconds after the start. A request through the API has the time of its arrival. */
  readonly stamp: number;
  readonly copies: number;
  readonly spelling: number;
}

const word: fc.Arbitrary<Word> = fc.record({
  says: fc.constantFrom('stop', 'start'),
  by: fc.constantFrom('typed', 'typed', 'route'),
  stamp: fc.nat(8),
  copies: fc.integer({ min: 1, max: 3 }),
  spelling: fc.nat(5),
});

interface Heard {
  readonly says: Word['says'];
  readonly at: number;
  readonly arrival?: number;
}

/** The latest counts, within one timestamp the last to arrive, and a STOP wins over a START of the same instant. */
function standsIn(words: readonly Heard[]): boolean {
  const last = Math.max(...words.map(({ at }) => at));
  const latest = words.filter(({ at }) => at === last);
  const arrival = Math.max(...latest.map((word) => word.arrival ?? 0));
  return latest.some((word) => (word.arrival ?? 0) === arrival && word.says === 'stop');
}

const decorated = [(w: string) => w, (w: string) => w.toUpperCase(), (w: string) => ` ${w}!`];

function typed({ says, spelling }: Word): string {
  const words = DEFAULT_WORDS[says];
  const chosen = words[spelling % words.length] ?? says;
  return decorated[spelling % decorated.length]?.(chosen) ?? chosen;
}

async function say(p: Process, one: Word, id: string): Promise<void> {
  if (one.by === 'route') {
    return one.says === 'stop'
      ? p.consent.optOut(PAIR, { clientId: 'crm', correlationId: 'c' })
      : p.consent.optIn(PAIR, { clientId: 'crm', correlationId: 'c' });
  }
  const message = { id, pair: PAIR, writtenAt: later(one.stamp), said: [typed(one)], reply: undefined };
  await p.handleCallbacks([{ kind: 'inbound', ...message }]);
}

/** Every kind of send: a caller who waits, one who does not, and one with a flow that can wait. */
async function trySending(world: World): Promise<number> {
  const p = world.process('sender');
  const before = world.gateway.calls.length + world.gateway.templateCalls.length;
  const template = { name: 'hello', languageCode: 'en' };
  const waits = { whenClosed: 'template', template, parkForSeconds: 3_600 } as const;
  for (const [n, changes] of [{}, waits].entries()) {
    for (const respondAsync of [false, true]) {
      const messageId = `m-${n}-${respondAsync}` as ReturnType<typeof sampleRequest>['messageId'];
      await p
        .send({ request: sampleRequest({ messageId, ...changes }), respondAsync })
        .catch(() => undefined);
    }
  }
  for (let n = 0; n < 4; n += 1) {
    await p.workOff();
    world.clock.advance(61_000);
    await p.sweep();
  }
  return world.gateway.calls.length + world.gateway.templateCalls.length - before;
}

describe('the opt-outs and opt-ins of a customer', () => {
  it('end with the latest, whatever order they arrive in and however often', () => {
    const said = fc.array(fc.record({ says: fc.constantFrom('stop', 'start'), at: fc.nat(5) }), {
      minLength: 1,
    });
    const shuffled = said.chain((words) =>
      fc.tuple(
        fc.constant(words),
        fc.shuffledSubarray([...words, ...words], { minLength: words.length * 2 }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([words, heard]) => {
        const start: Session = { pair: PAIR };
        const end = heard.reduce(
          (session, { says, at }) => afterConsent(session, { optedOut: says === 'stop', at: later(at) }),
          start,
        );
        expect(hasOptedOut(end)).toBe(standsIn(words as Heard[]));
      }),
    );
  });

  it('end with the latest when typed or requested, repeated and concurrent, and after an opt-out nothing is sent', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 6 }), fc.scheduler(), async (words, s) => {
        const world = makeWorld();
        await world.sessions.create(sampleSession());
        // All timestamps lie before every arrival, because a timestamp in the future counts as now.
        world.clock.moveTo(later(10));
        const heard: Heard[] = [];
        for (const [n, one] of words.entries()) {
          const arrival = world.clock.now().getTime();
          const at = one.by === 'route' ? arrival : later(one.stamp).getTime();
          heard.push({ says: one.says, at, arrival });
          const copies = Array.from({ length: one.copies }, (_, copy) =>
            world.process(`p-${n}-${copy}`, {
              link: async (call, apply) => {
                await s.schedule(Promise.resolve(), call);
                return apply();
              },
            }),
          );
          const saying = copies.map((p) => say(p, one, `in-${n}`));
          await s.waitFor(Promise.all(saying));
          world.clock.advance(1_000);
        }
        const stopped = standsIn(heard);
        expect((await world.process('reader').read.session(PAIR)).optedOut).toBe(stopped);
        expect(await trySending(world)).toBe(stopped ? 0 : 4);
      }),
      { numRuns: 200 },
    );
  });
});
