/**
 * WhatsApp fails sends and delivers them all the same, in any order and with any repetition. Once one send of the
 * message is proved, nothing is sent again; the caller's answer never changes.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { waIdOf } from '../../support/fakes/gateway.ts';
import { idOf, PAIR, sampleRequest, sampleSession } from '../../support/fakes/samples.ts';
import { makeWorld } from '../../support/fakes/world.ts';
import { runs } from '../../support/property-runs.ts';

const ID = idOf('m-1');
const CODES = [131_000, 130_429, 131_047, 131_049, 131_026, 131_031, 132_015];

const send = fc.nat({ max: 3 });
const byWaId = fc.boolean();
const step = fc.oneof(
  fc.record({ kind: fc.constant('failed' as const), send, byWaId, code: fc.constantFrom(...CODES) }),
  fc.record({ kind: fc.constantFrom('sent' as const, 'delivered' as const, 'read' as const), send, byWaId }),
  fc.record({ kind: fc.constant('replied' as const), send, quotes: fc.boolean() }),
  fc.record({ kind: fc.constant('writes' as const) }),
  fc.record({ kind: fc.constant('passes' as const), minutes: fc.constantFrom(1, 12, 1_500) }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const PROOFS = new Set(['delivered', 'read', 'replied']);

async function run(steps: readonly Step[], mode: 'resend' | 'hold', whenClosed: 'reject' | 'park') {
  const world = makeWorld({ mode });
  const p = world.process('p');
  await world.sessions.create(sampleSession());
  const waits = whenClosed === 'park' ? { whenClosed, parkForSeconds: 259_200 } : {};
  const request = sampleRequest({ messageId: ID, ...waits });
  const first = await p.send({ request });
  const sends = () => world.gateway.deliveries.map(({ messageId }) => messageId);
  let proved: number | undefined;

  async function take(one: Step): Promise<void> {
    const at = world.clock.now();
    if (one.kind === 'writes') {
      const said = { writtenAt: undefined, said: ['hi'], reply: undefined };
      await p.handleCallbacks([{ kind: 'inbound', id: `in-${at.getTime()}`, pair: PAIR, ...said }]);
      return;
    }
    if (one.kind === 'passes') {
      world.clock.advance(one.minutes * 60_000);
      await p.sweep();
      await p.workOff();
      return;
    }
    const gatewayMessageId = sends().at(one.send % sends().length) ?? expect.fail();
    const waId = waIdOf(gatewayMessageId);
    // A reply that quotes nothing says nothing of a message that has failed for good.
    const isVague = one.kind === 'replied' && !one.quotes && world.onlyMessage()?.status === 'failed';
    if (PROOFS.has(one.kind) && !isVague) proved ??= sends().length;
    if (one.kind === 'replied') {
      const quotedIds = one.quotes ? [waId] : [];
      await p.handleReply({ id: `r-${at.getTime()}`, at, pair: PAIR, response: {}, quotedIds });
      return;
    }
    const { kind: status, byWaId } = one;
    const why = one.kind === 'failed' ? { code: one.code, detail: 'Oh' } : {};
    return p.handleStatus(byWaId ? undefined : gatewayMessageId, { status, at, waId, ...why });
  }

  for (const one of steps) {
    await take(one);
    world.clock.advance(1_000);
    const message = world.onlyMessage() ?? expect.fail();
    if (proved !== undefined) {
      expect(['delivered', 'read']).toContain(message.status);
      expect(message.request).toBeUndefined();
    }
  }
  return { sends: sends().length, proved, first, again: await p.send({ request }) };
}

describe.each(['resend', 'hold'] as const)('with %s, a message that WhatsApp fails and proves', (mode) => {
  it.each(['reject', 'park'] as const)(
    'is sent no more once it is proved, and keeps its answer: %s',
    async (how) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
          const { sends, proved, first, again } = await run(steps, mode, how);
          if (proved !== undefined) expect(sends).toBe(proved);
          if (mode === 'hold') expect(sends).toBe(1);
          expect(again).toEqual({ ...first, replayed: true });
        }),
        { numRuns: runs(100) },
      );
    },
  );
});
