import { describe, expect, it } from 'vitest';
import { RecipientsFault } from '../../../../src/lib/campaigns/plan/recipient.ts';
import { makeColumnWatch, makeRowJudge } from '../../../../src/lib/campaigns/plan/row.ts';
import { makeSeenNumbers } from '../../../../src/lib/campaigns/plan/seen-numbers.ts';

const row = (line: number, columns: Record<string, string>) => ({ kind: 'row', line, columns }) as const;

describe('the rows of a recipients file', () => {
  it('accept a number once in any spelling, and refuse its repeats', () => {
    const judge = makeRowJudge([], makeSeenNumbers(), () => undefined);
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
    const judge = makeRowJudge([], makeSeenNumbers(), () => faults.shift());
    const judged = [2, 3].map((line) => judge(row(line, { to: '254717746565' })));
    expect(judged.map(({ kind }) => kind)).toEqual(['invalid', 'accepted']);
  });

  it('stay, and name the earlier row, where two numbers may be one person', () => {
    const judge = makeRowJudge([], makeSeenNumbers(), () => undefined);
    const numbers = ['525512345678', '254717746565', '5215512345678', '5511987654321', '551187654321'];
    const judged = [...numbers, '5491123456789', '541123456789'].map((to, n) => judge(row(n + 2, { to })));
    expect(judged.map((one) => (one.kind === 'accepted' ? one.twinLine : one.kind))).toEqual([
      ...[undefined, undefined, 2, undefined, 5, undefined, 7],
    ]);
  });

  it('keep apart numbers of more digits than a double holds', () => {
    const judge = makeRowJudge([], makeSeenNumbers(), () => undefined);
    // Germany's numbers may have up to 17 digits.
    const judged = ['49123456789012345', '49123456789012346'].map((to, n) => judge(row(n + 2, { to })));
    expect(judged.map(({ kind }) => kind)).toEqual(['accepted', 'accepted']);
  });

  it('keep only the columns that the message names', () => {
    const judge = makeRowJudge(['name'], makeSeenNumbers(), () => undefined);
    expect(judge(row(2, { to: '254717746565', name: 'Ada', secret: 'x' }))).toMatchObject({
      recipient: { line: 2, to: '254717746565', columns: { name: 'Ada' } },
    });
    expect(judge(row(3, { to: '254717746566' }))).toMatchObject({
      kind: 'invalid',
      reason: 'has no column name',
    });
  });
});

describe('a column that a message needs', () => {
  it('is missing when no row has it', () => {
    const watch = makeColumnWatch(['name', 'town']);
    expect(() => watch.assertAll()).not.toThrow();
    watch.note(row(1, { to: '254717746565' }));
    watch.note(row(2, { to: '254717746566', town: 'Thika' }));
    expect(() => watch.assertAll()).toThrow(
      new RecipientsFault('no recipient has these columns of the message: name'),
    );
    watch.note(row(3, { name: 'Ada' }));
    expect(() => watch.assertAll()).not.toThrow();
  });
});
