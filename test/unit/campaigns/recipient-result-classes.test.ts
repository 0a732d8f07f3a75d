import { describe, expect, it } from 'vitest';
import { pauseFor, resultOfProblem } from '../../../src/lib/campaigns/recipient-result.ts';
import { AppError } from '../../../src/lib/platform/errors.ts';
import type { ErrorClass } from '../../../src/lib/whatsapp/error-codes.ts';

const released = (errorClass: ErrorClass) => new AppError('gateway-throttled', 'Not now.', { errorClass });
const endOf = (errorClass: ErrorClass, tries: number) =>
  resultOfProblem(released(errorClass), { tries, random: 0 });

describe('a recipient who was not sent to', () => {
  it.each<ErrorClass>(['stop-number', 'content-held', 'content-blocked'])(
    'pauses the campaign at once for class %s',
    (name) => {
      expect(endOf(name, 0)).toMatchObject({ kind: 'pause', reason: expect.stringContaining(name) });
      expect(pauseFor(name)).toContain(name);
    },
  );

  it('is requeued and slows the number for class wait, and pauses the campaign if that lasts too long', () => {
    expect(endOf('wait', 0)).toEqual({ kind: 'again', afterSeconds: 5, slow: true });
    expect(endOf('wait', 7)).toMatchObject({ kind: 'again', slow: true });
    expect(endOf('wait', 8)).toMatchObject({ kind: 'pause' });
    expect(pauseFor('wait')).toBeUndefined();
  });

  it.each<[ErrorClass, number]>([
    ['cannot-tell', 2],
    ['pair-too-fast', 8],
  ])('is requeued for class %s, and fails after %i tries', (name, most) => {
    expect(endOf(name, most - 1)).toMatchObject({ kind: 'again', slow: false });
    expect(endOf(name, most)).toMatchObject({ kind: 'settle', settlement: { outcome: 'failed' } });
  });
});
