import { describe, expect, it } from 'vitest';
import { resultOfProblem } from '../../../src/lib/campaigns/recipient-result.ts';
import { AppError } from '../../../src/lib/platform/errors.ts';

describe('a recipient who met gateway-credentials', () => {
  const refused = new AppError('gateway-credentials', 'refused', { retryAfter: 60 });
  const unread = new AppError('gateway-credentials', 'unread', {
    retryAfter: 5,
    cause: new Error('timeout'),
  });

  it('pauses the campaign when LipaChat refuses the key', () => {
    const end = resultOfProblem(refused, { tries: 0, random: 0 });
    expect(end).toEqual({ kind: 'pause', reason: expect.stringContaining('rejected the apiKey') });
  });

  it('is requeued when the key cannot be read, because the parameter store is not LipaChat', () => {
    const end = resultOfProblem(unread, { tries: 0, random: 0 });
    expect(end).toEqual({ kind: 'again', afterSeconds: 5, slow: false });
  });

  it('pauses the campaign when the key cannot be read for half an hour', () => {
    const end = resultOfProblem(unread, { tries: 8, random: 0 });
    expect(end).toEqual({
      kind: 'pause',
      reason: expect.stringContaining('repeated attempts to send failed'),
    });
  });
});
