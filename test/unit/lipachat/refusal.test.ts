/** What the caller of a refused message reads: LipaChat's words, its HTTP status, the code, and what to do. */
import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../../src/lib/lipachat/outcome-of-response.ts';
import { ERROR_CODE_TEXTS, explanationOf } from '../../../src/lib/whatsapp/error-code-texts.ts';
import { NOW } from '../../support/fakes/samples.ts';

const API_KEY = 'key "7"\\canary';

/** The words for people in a refusal of LipaChat's, or of the operator's trouble. */
function wordsOf(message: unknown, { errors = null as unknown, httpStatus = 400 } = {}): string {
  const body = JSON.stringify({ timestamp: null, data: null, status: 'error', message, errors });
  const outcome = readAnswer({ httpStatus, retryAfter: undefined, body, apiKey: API_KEY }, NOW);
  if (outcome.kind === 'rejected') return outcome.message;
  if (outcome.kind === 'misconfigured') return outcome.said ?? '';
  throw new Error(`not a refusal: ${outcome.kind}`);
}

describe('the detail of a refusal', () => {
  it.each<[string, unknown, unknown, RegExp]>([
    [
      'the documented one',
      'Request failed.',
      null,
      /^Request failed\. \(LipaChat's words, with HTTP 400\.\) Correct/,
    ],
    ['errors', 'Request failed.', { screen: 'x' }, /^Request failed\. \{"screen":"x"\}\. \(LipaChat's words/],
    ['no words', '', null, /^LipaChat refused it with HTTP 400 and gave no reason\. Correct/],
    [
      'a code',
      '(#131026) Undeliverable',
      null,
      /HTTP 400\.\) WhatsApp error 131026: .+ Use another channel\.$/,
    ],
    [
      'a code in the errors',
      'Request failed.',
      [{ code: 132_000 }],
      /WhatsApp error 132000: .+ new messageId\.$/,
    ],
    [
      'a code that is not listed',
      '(#139999) New',
      null,
      /WhatsApp error 139999, which is not in docs\/error-codes/,
    ],
    [
      "a low number of LipaChat's own",
      'No such screen',
      { code: 7 },
      /HTTP 400\.\) Correct what LipaChat names/,
    ],
    [
      'an id that it knows',
      'Duplicate messageId',
      null,
      /^Duplicate messageId\..+ LipaChat knows this messageId/,
    ],
  ])('says what happened and what to do: %s', (_, message, errors, detail) => {
    expect(wordsOf(message, { errors })).toMatch(detail);
  });

  it.each([200, 400, 422])('names the HTTP status %i', (httpStatus) => {
    expect(wordsOf('No such screen', { httpStatus })).toMatch(
      new RegExp(`^No such screen\\. .+ HTTP ${httpStatus}\\.`),
    );
  });

  it.each<[string, string]>([
    ['a phone number', 'Unknown recipient 254717746565'],
    ['one with signs', 'Unknown recipient +254 (717) 746-565'],
    ['one over two lines', 'Unknown recipient 254717\n746565'],
    ['one in other digits', 'Unknown recipient ٢٥٤٧١٧٧٤٦٥٦٥'],
    ["WhatsApp's message id", 'Unknown recipient wamid.HBgMMjU0NzE3NzQ2NTY1FQIAERgSMA=='],
    ['one at the place where the text is cut', `${'x'.repeat(274)} 254717746565`],
  ])('has no number of a person: %s', (_, message) => {
    for (const httpStatus of [400, 404]) {
      expect(wordsOf(message, { httpStatus, errors: { to: message } })).not.toMatch(/717|746|٧١٧|HBgM/);
    }
  });

  it.each<[string, string]>([
    ['in a sentence', `No flow for ${API_KEY} here`],
    ['at the place where the text is cut', `${'x'.repeat(270)} ${API_KEY}`],
  ])('does not repeat the apiKey: %s', (_, message) => {
    for (const httpStatus of [400, 404]) {
      const words = wordsOf(message, { httpStatus, errors: { sent: API_KEY } });
      expect(words).not.toMatch(/canary|key "7|key \\"7/);
      expect(words).toContain(message.slice(0, 12));
    }
  });

  it('is one line of plain text, and short', () => {
    const message = `a\r\nb\tc\u0000d\u202ee\u2028f\u200b${'😕 '.repeat(5_000)}`;
    for (const code of ERROR_CODE_TEXTS.flatMap(({ code: listed }) =>
      typeof listed === 'number' ? [listed] : [],
    )) {
      const body = JSON.stringify({
        data: null,
        status: 'error',
        message: `${message} (#${code})`,
        errors: { code },
      });
      const outcome = readAnswer({ httpStatus: 400, retryAfter: undefined, body }, NOW);
      if (outcome.kind !== 'rejected') continue;
      expect(outcome.message).toMatch(/^a b c d e f 😕/u);
      expect(outcome.message).not.toMatch(/[\p{Cc}\u202e\u2028]/u);
      expect(outcome.message.length).toBeLessThanOrEqual(500);
      expect(outcome.message.isWellFormed()).toBe(true);
    }
  });
});

describe('what the list of codes knows', () => {
  it('is what the code means, and what to do about it or about its class', () => {
    expect(explanationOf(190)).toEqual({
      means: 'The access token has expired',
      tell: 'Have LipaChat renew the access to WhatsApp.',
    });
    expect(explanationOf(250)).toMatchObject({ means: expect.stringContaining('permission') });
    expect(explanationOf(131_026)?.tell).toBe(
      'This customer cannot be reached with this message. Use another channel.',
    );
    expect(explanationOf(139_999)).toBeUndefined();
  });
});
