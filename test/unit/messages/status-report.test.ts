/** Of which send a status callback speaks: by WhatsApp's id where it has one, else by the id that LipaChat got. */
import { describe, expect, it } from 'vitest';
import { wireIdOf } from '../../../src/lib/messages/gateway-message-id.ts';
import { isOutdated } from '../../../src/lib/messages/status-report.ts';
import { idOf, NOW, sampleMessage } from '../../support/fakes/samples.ts';

const first = sampleMessage({ messageId: idOf('m-1'), status: 'sent', waId: 'wamid.1' });
const second = sampleMessage({ ...first, resends: 1, waId: 'wamid.2', retiredWaIds: ['wamid.1'] });
const unheard = { ...second, waId: undefined };
const derived = wireIdOf(second);

describe('a status callback', () => {
  it.each([
    ['the first send, by its messageId', first, { wireId: 'm-1' }],
    [
      'the first send, by an id of WhatsApp’s that nobody knows yet',
      first,
      { wireId: 'm-1', waId: 'wamid.x' },
    ],
    ['the second send, by its derived id', second, { wireId: derived }],
    ['the second send, before its answer is stored', unheard, { wireId: derived, waId: 'wamid.2' }],
    [
      'the second send, by its id at WhatsApp and the first messageId',
      second,
      { wireId: 'm-1', waId: 'wamid.2' },
    ],
    [
      'the second send, by its id at WhatsApp and a foreign one',
      second,
      { wireId: 'other', waId: 'wamid.2' },
    ],
  ])('is a word on %s', (_, message, names) => {
    expect(isOutdated(message, { status: 'failed', at: NOW, ...names })).toBe(false);
  });

  it.each([
    ['the first messageId', second, { wireId: 'm-1' }],
    ['the first messageId and an unknown id', second, { wireId: 'm-1', waId: 'wamid.x' }],
    ['the first send’s id at WhatsApp', second, { waId: 'wamid.1' }],
    [
      'the first send’s id at WhatsApp and the second’s derived one',
      second,
      { wireId: derived, waId: 'wamid.1' },
    ],
    ['the first messageId, before the second’s answer', unheard, { wireId: 'm-1', waId: 'wamid.1' }],
  ])('is no word on the second send by %s', (_, message, names) => {
    for (const status of ['failed', 'read'] as const) {
      expect(isOutdated(message, { status, at: NOW, ...names })).toBe(true);
    }
  });
});
