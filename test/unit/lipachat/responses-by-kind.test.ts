/** The table of test/support/lipachat-responses.ts, response by response. */
import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../../src/lib/lipachat/outcome-of-response.ts';
import { verdictOn } from '../../../src/lib/lipachat/verdict.ts';
import { NOW } from '../../support/fakes/samples.ts';
import * as responses from '../../support/lipachat-responses.ts';

const verdict = (httpStatus: number, body: unknown): string => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const outcome = readAnswer({ httpStatus, body: text }, NOW);
  const read = verdictOn(outcome, { mayHaveLeft: false, ambiguityMode: 'resend' });
  return read.kind === 'release' ? read.code : read.kind;
};

describe.each<[string, readonly responses.Response[]]>([
  ['gateway-credentials', responses.CREDENTIALS],
  ['gateway-throttled', responses.THROTTLED],
  ['gateway-misconfigured', responses.MISCONFIGURED],
  ['gateway-unavailable', responses.UNAVAILABLE],
  ['session-closed', responses.WINDOW_SHUT],
  ['unknown', responses.UNKNOWN],
  ['rejected', responses.REJECTED],
])('%s', (expected, table) => {
  it.each(table)('by %i %j', (status, body) => {
    expect(verdict(status, body)).toBe(expected);
  });
});

it('a receipt is one after a byte order mark, too', () => {
  const data = { messageId: 'a', waId: 'wamid.A', status: 'SENT' };
  const receipt = { timestamp: null, data, status: 'success', message: '', errors: null };
  expect(verdict(200, `\ufeff${JSON.stringify(receipt)}`)).toBe('sent');
});

it('WhatsApp is one word for the phrases, as LipaChat is', () => {
  for (const message of ['WhatsApp is overloaded', 'Error: LipaChat account locked']) {
    expect(verdict(400, { data: null, status: 'error', message, errors: null })).toBe(
      'gateway-misconfigured',
    );
  }
});

it('a name of the message’s own is not read as a phrase', () => {
  for (const name of [
    "'Insufficient balance'",
    '"rate limit exceeded"',
    'too_many_requests',
    '“api key invalid”',
  ]) {
    const message = `Template ${name} not found`;
    expect(verdict(400, { data: null, status: 'error', message, errors: null })).toBe('rejected');
  }
});
