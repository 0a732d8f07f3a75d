/** A request of 256 KiB may be one text. It is refused for its length, in a time that grows with the length and no faster. */
import { describe, expect, it } from 'vitest';
import { parseCampaign } from '../../../src/lib/campaigns/contract.ts';
import { readNumberCell } from '../../../src/lib/campaigns/plan/number-cell.ts';
import { parseFlow } from '../../../src/lib/sending/contract.ts';

const LENGTH = 100_000;
/** Quadratic time takes ten times as long, for each of the fields. */
const LIMIT_MS = 5_000;

const long = (part: string, end: string) => part.repeat(LENGTH / part.length) + end;
const TEXTS: [string, string][] = [
  ['ASCII and an accent', long('a', 'é')],
  ['blanks and an accent', long('    a', 'é')],
  ['blanks alone', long(' ', '\n')],
  ['digits', long('1', 'x')],
  ['digits and blanks', long('1 ', 'e')],
  ['braces', long('{{', '}')],
  ['joiners', long('\u200d', 'é')],
  ['emoji', long('🦊', '\ud83e')],
  ['marks', long('\u200e', '1')],
  ['a URL', `https://${long('a.', '!')}`],
];

const flowOf = (text: string) => ({
  messageId: text,
  to: text,
  from: text,
  text,
  flowId: text,
  flowCta: text,
  screen: text,
  data: { text },
  whenClosed: 'template',
  template: {
    name: text,
    languageCode: text,
    header: { type: 'DOCUMENT', mediaUrl: text, filename: text },
    placeholders: [text],
  },
});

const campaignOf = (text: string) => {
  const { messageId: campaignId, to: _, ...message } = flowOf(text);
  const schedule = { expression: text, timeZone: text };
  return { campaignId, name: text, message, recipients: { s3: `s3://${text}` }, startAt: text, schedule };
};

const refused = (act: () => unknown) =>
  expect(act).toThrow(expect.objectContaining({ code: 'invalid-request' }));

describe.each(TEXTS)('a text of %s', (_, text) => {
  it.each<[string, () => void]>([
    ['a flow', () => refused(() => parseFlow(flowOf(text), undefined))],
    ['a campaign', () => refused(() => parseCampaign(campaignOf(text), undefined))],
    ['a cell', () => expect(readNumberCell(text)).toHaveProperty('fault')],
  ])('is refused soon in every field of %s', (_where, act) => {
    const begin = performance.now();
    act();
    expect(performance.now() - begin).toBeLessThan(LIMIT_MS);
  });
});
