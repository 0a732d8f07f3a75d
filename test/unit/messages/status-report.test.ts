/** Which send a status callback is about: by WhatsApp's id if there is one, otherwise by the id that LipaChat got. */
import { describe, expect, it } from 'vitest';
import { gatewayMessageIdOf } from '../../../src/lib/messages/gateway-message-id.ts';
import { EVENT_OF_REPORT, transition } from '../../../src/lib/messages/lifecycle.ts';
import type { Message } from '../../../src/lib/messages/message.ts';
import { isOutdated, type StatusReport } from '../../../src/lib/messages/status-report.ts';
import { idOf, later, NEW_IDS, NOW, sampleMessage } from '../../support/fakes/samples.ts';

const first = sampleMessage({ messageId: idOf('m-1'), status: 'sent', waId: 'wamid.1' });
const second = sampleMessage({ ...first, resends: 1, waId: 'wamid.2', retiredWaIds: ['wamid.1'] });
const unheard = { ...second, waId: undefined };
const derived = gatewayMessageIdOf(second);

const afterReport = (message: Message, report: StatusReport): Message =>
  transition(message, EVENT_OF_REPORT[report.status], {
    report,
    now: report.at,
    ambiguity: { mode: 'resend' },
    newIds: NEW_IDS,
  });

describe('a status callback', () => {
  it.each([
    ['the first send, by its messageId', first, { gatewayMessageId: 'm-1' }],
    [
      'the first send, by an id of WhatsApp’s that is not known yet',
      first,
      { gatewayMessageId: 'm-1', waId: 'wamid.x' },
    ],
    ['the second send, by its derived id', second, { gatewayMessageId: derived }],
    ['the second send, before its answer is stored', unheard, { gatewayMessageId: derived, waId: 'wamid.2' }],
    [
      'the second send, by its id at WhatsApp and the first messageId',
      second,
      { gatewayMessageId: 'm-1', waId: 'wamid.2' },
    ],
    [
      'the second send, by its id at WhatsApp and a foreign one',
      second,
      { gatewayMessageId: 'other', waId: 'wamid.2' },
    ],
  ])('is about %s', (_, message, names) => {
    expect(isOutdated(message, { status: 'failed', at: NOW, ...names })).toBe(false);
  });

  it.each([
    ['the first messageId', second, { gatewayMessageId: 'm-1' }],
    ['the first messageId and an unknown id', second, { gatewayMessageId: 'm-1', waId: 'wamid.x' }],
    ['the first send’s id at WhatsApp', second, { waId: 'wamid.1' }],
    [
      'the first send’s id at WhatsApp and the second’s derived one',
      second,
      { gatewayMessageId: derived, waId: 'wamid.1' },
    ],
    ['the first messageId alone, before the second’s answer', unheard, { gatewayMessageId: 'm-1' }],
    [
      'the first messageId, before the second’s answer',
      unheard,
      { gatewayMessageId: 'm-1', waId: 'wamid.1' },
    ],
  ])('is not about the second send when it has %s', (_, message, names) => {
    for (const status of ['sent', 'failed'] as const) {
      expect(isOutdated(message, { status, at: NOW, ...names })).toBe(true);
    }
    for (const status of ['delivered', 'read'] as const) {
      expect(isOutdated(message, { status, at: NOW, ...names })).toBe(false);
    }
  });
});

describe('the time of sending', () => {
  const sending = sampleMessage({ messageId: idOf('m-1'), status: 'sending' });

  it.each(['sent', 'delivered', 'read'] as const)(
    'is that of the first callback when it says %s',
    (status) => {
      expect(afterReport(sending, { status, at: NOW })).toMatchObject({ status, sentAt: NOW });
    },
  );

  it('is not changed by later callbacks', () => {
    const delivered = afterReport(sending, { status: 'delivered', at: NOW });
    const sent = afterReport(delivered, { status: 'sent', at: later(60) });
    const read = afterReport(sent, { status: 'read', at: later(120) });
    expect([sent.sentAt, read.sentAt]).toEqual([NOW, NOW]);
  });

  it('is not set by a failure', () => {
    expect(afterReport(sending, { status: 'failed', at: NOW }).sentAt).toBeUndefined();
  });
});
