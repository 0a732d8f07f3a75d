/** Which leases of a batch of changes are watched, and that none is lost (ADR 028). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Changed } from '../../../src/lib/events/events-of-change.ts';
import { makeWatchLeases } from '../../../src/lib/events/watch-leases.ts';
import type { Message } from '../../../src/lib/messages/message.ts';
import type { Watch, WatchQueue } from '../../../src/lib/messages/ports.ts';
import { idOf, later, sampleMessage } from '../../support/fakes/samples.ts';
import { fakeTelemetry } from '../../support/fakes/telemetry.ts';

const lease = (owner: string, phase: 'claimed' | 'dispatched' = 'dispatched') => ({
  owner,
  until: later(60),
  phase,
});
const claimed = (id: string, owner = `${id}/1`) =>
  sampleMessage({ messageId: idOf(id), lease: lease(owner) });
const settled = (id: string) => sampleMessage({ messageId: idOf(id), status: 'sent', lease: undefined });
const change = (before: Message | undefined, after: Message): Changed => ({ kind: 'message', before, after });
const removed = (id: string): Changed => ({ kind: 'message-removed', messageId: idOf(id) });

/** Accepts what `accepts` selects. */
function fakeQueue(accepts: (watch: Watch) => boolean = () => true) {
  const calls: Watch[][] = [];
  const watch: WatchQueue['watch'] = (watches) => {
    calls.push([...watches]);
    if (watches.some(({ owner }) => owner === 'throws')) return Promise.reject(new Error('down'));
    return Promise.resolve(watches.map(accepts));
  };
  return { watch, calls, owners: () => calls.flat().map(({ owner }) => owner) };
}

const watched = async (changes: readonly Changed[], queue = fakeQueue()) => {
  const watchLeases = makeWatchLeases({ queue, telemetry: fakeTelemetry() });
  const failed = await watchLeases(changes.map((changed, index) => ({ index, changed })));
  return { failed, owners: queue.owners(), calls: queue.calls };
};

describe('a lease', () => {
  it('is watched from the claim that begins it, until its end', async () => {
    const { calls, failed } = await watched([change(undefined, claimed('a'))]);
    expect(calls).toEqual([[{ messageId: 'a', clientId: 'client-1', owner: 'a/1', until: later(60) }]]);
    expect(failed).toBeUndefined();
  });

  it('is watched when another owner takes the message over', async () => {
    const { owners } = await watched([change(claimed('a'), claimed('a', 'a/2'))]);
    expect(owners).toEqual(['a/2']);
  });

  it('is not watched again when a write keeps it: the mark of a dispatch, a callback', async () => {
    const marked = sampleMessage({ messageId: idOf('a'), lease: lease('a/1', 'claimed') });
    const proven = { ...claimed('a'), status: 'delivered' } as const;
    const { owners } = await watched([change(marked, claimed('a')), change(claimed('a'), proven)]);
    expect(owners).toEqual([]);
  });

  it('is not watched when it ends in the same batch: settled, given back, or taken over', async () => {
    const { owners } = await watched([
      change(undefined, claimed('settled')),
      change(undefined, claimed('given-back')),
      change(undefined, claimed('taken-over')),
      change(undefined, claimed('stays')),
      change(claimed('settled'), settled('settled')),
      removed('given-back'),
      change(claimed('taken-over'), claimed('taken-over', 'taken-over/2')),
    ]);
    expect(owners.toSorted()).toEqual(['stays/1', 'taken-over/2']);
  });

  it('is watched with its mark and a callback in the same batch, because it still runs', async () => {
    const proven = { ...claimed('a'), status: 'delivered' } as const;
    const { owners } = await watched([change(undefined, claimed('a')), change(claimed('a'), proven)]);
    expect(owners).toEqual(['a/1']);
  });

  it('is none of sessions, campaigns and messages that wait', async () => {
    const { calls } = await watched([
      change(undefined, settled('a')),
      removed('b'),
      {
        kind: 'template-status',
        before: undefined,
        after: { id: 't', templateId: 't', templateName: 'n', status: 'S', at: later(0) },
      },
    ]);
    expect(calls).toEqual([]);
  });
});

describe('enqueuing watches', () => {
  const claims = (count: number) =>
    Array.from({ length: count }, (_, n) => change(undefined, claimed(`m-${n}`)));

  it('puts at most ten into one call', async () => {
    const { calls } = await watched(claims(100));
    expect(calls.map((call) => call.length)).toEqual(Array.from({ length: 10 }, () => 10));
  });

  it('fails the batch from the first record whose watch was not accepted', async () => {
    const refusing = fakeQueue(({ messageId }) => !['m-7', 'm-30'].includes(messageId));
    expect((await watched(claims(40), refusing)).failed).toBe(7);
    const down = claims(40).with(15, change(undefined, claimed('x', 'throws')));
    expect((await watched(down)).failed).toBe(10);
  });

  it('loses no lease, however the queue fails and the batches are cut', async () => {
    const step = fc.record({ id: fc.nat(4), to: fc.constantFrom('claim', 'takeOver', 'settle', 'remove') });
    const plan = fc.record({
      steps: fc.array(step, { maxLength: 40 }),
      size: fc.integer({ min: 1, max: 12 }),
      refusals: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ steps, size, refusals }) => {
        const now = new Map<number, Message>();
        const changes = steps.flatMap(({ id, to }, n): Changed[] => {
          const before = now.get(id);
          if (to === 'remove') return now.delete(id) ? [removed(`m-${id}`)] : [];
          if (to !== 'claim' && !before) return [];
          const after = to === 'settle' ? settled(`m-${id}`) : claimed(`m-${id}`, `owner-${n}`);
          now.set(id, after);
          return [change(before, after)];
        });
        const left = [...refusals];
        const accepted = new Set<string>();
        const queue: WatchQueue = {
          watch: (watches) => {
            const refuse = left.shift() ?? 0;
            if (refuse === 1) return Promise.reject(new Error('down'));
            const taken = watches.map((_, n) => refuse === 0 || n % refuse === 0);
            watches.filter((_, n) => taken[n]).forEach(({ owner }) => void accepted.add(owner));
            return Promise.resolve(taken);
          },
        };
        const watchLeases = makeWatchLeases({ queue, telemetry: fakeTelemetry() });
        // As the stream does it: everything from the first failure on is delivered again.
        let rest = changes.map((changed, index) => ({ index, changed }));
        for (let batches = 0; rest.length > 0 && batches < 200; batches += 1) {
          const batch = rest.slice(0, size);
          const failed = await watchLeases(batch);
          rest = failed === undefined ? rest.slice(size) : rest.filter(({ index }) => index >= failed);
        }
        expect(rest).toEqual([]);
        const running = [...now.values()].flatMap(({ lease: one }) => (one ? [one.owner] : []));
        expect(running.filter((owner) => !accepted.has(owner))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
