/** The partitions of the index `due`: 1,000 units a second each, so no key may draw much more than its part. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DUE, dueEntry, dueKeyOf01, shardsOf } from '../../../src/lib/messages/dynamo-message-keys.ts';
import { idOf, later, sampleMessage } from '../../support/fakes/samples.ts';

const COUNT = 16_000;
const waiting = (id: string) =>
  sampleMessage({ messageId: idOf(id), status: 'queued', lease: undefined, dueAt: later(60) });

describe('messages that wait', () => {
  it.each<[string, (n: number) => string]>([
    ['UUIDs', () => randomUUID()],
    ['numbers in a row', (n) => `order-${n}`],
    ['padded numbers in a row', (n) => `order-${String(n).padStart(9, '0')}`],
    ['one prefix and a date', (n) => `2026-11-28:crm:${1_795_000_000_000 + n}`],
  ])('spread over 16 partitions, none with more than twice its part: %s', (_, idAt) => {
    const counts = new Map<string, number>(shardsOf(DUE).map((shard) => [shard, 0]));
    for (let n = 0; n < COUNT; n += 1) {
      const { due = '' } = dueEntry(waiting(idAt(n)));
      counts.set(due, (counts.get(due) ?? Number.NaN) + 1);
    }
    expect(counts.size).toBe(16);
    expect(Math.max(...counts.values())).toBeLessThanOrEqual((2 * COUNT) / 16);
  });

  it('stay on the four partitions that 0.1 reads while it may come back, and those are read later, too', () => {
    const ids = Array.from({ length: 200 }, () => randomUUID());
    const of01 = new Set(ids.map((id) => dueKeyOf01(waiting(id))));
    expect([...of01].sort()).toEqual(['message#0', 'message#1', 'message#2', 'message#3']);
    expect(shardsOf(DUE)).toEqual(expect.arrayContaining([...of01]));
  });
});
