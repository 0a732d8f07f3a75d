import { describe, expect, it } from 'vitest';
import { makeRowJudge } from '../../../../src/lib/campaigns/plan/row.ts';

const row = (line: number, columns: Record<string, string>) => ({ kind: 'row', line, columns }) as const;

describe('the rows of a recipients file', () => {
  it('accept a number once in any spelling, and refuse its repeats', () => {
    const judge = makeRowJudge([], () => undefined);
    const spellings = ['254717746565', '+254 717 746 565', ' 254717746565 ', '254717746566'];
    const judged = spellings.map((to, n) => judge(row(n + 2, { to })));
    expect(judged.map(({ kind }) => kind)).toEqual(['accepted', 'duplicate', 'duplicate', 'accepted']);
    expect(judged[1]).toEqual({
      kind: 'duplicate',
      line: 3,
      reason: 'the number is already in an earlier row',
    });
  });

  it('do not count a refused row as the first one with its number', () => {
    const faults = ['is too long', undefined];
    const judge = makeRowJudge([], () => faults.shift());
    const judged = [2, 3].map((line) => judge(row(line, { to: '254717746565' })));
    expect(judged.map(({ kind }) => kind)).toEqual(['invalid', 'accepted']);
  });

  it('keep only the columns that the message names', () => {
    const judge = makeRowJudge(['name'], () => undefined);
    expect(judge(row(2, { to: '254717746565', name: 'Ada', secret: 'x' }))).toMatchObject({
      recipient: { line: 2, to: '254717746565', columns: { name: 'Ada' } },
    });
    expect(judge(row(3, { to: '254717746566' }))).toMatchObject({
      kind: 'invalid',
      reason: 'has no column name',
    });
  });
});
