import { describe, expect, it } from 'vitest';
import { transition } from '../../../src/lib/messages/lifecycle.ts';
import { receiptOf, viewOf } from '../../../src/lib/messages/receipt.ts';
import { sendResponse } from '../../../src/lib/sending/contract.ts';
import { idOf, later, NOW, sampleMessage } from '../../support/fakes/samples.ts';

const LIMIT = 16 * 1024;

const GATEWAY = {
  timestamp: '2024-03-22T11:42:18.625016916',
  data: { messageId: 'gw', waId: 'wamid.1', status: 'SENT', statusDesc: 'Message sent successfully' },
  status: 'success',
  message: '',
  errors: null,
};

const SESSION = { open: true, expiresAt: '2026-01-03T03:04:05.000Z' };

const sent = (envelope: unknown = GATEWAY) =>
  transition(sampleMessage(), 'gatewayAccepted', {
    now: later(1),
    calls: 1,
    retentionDays: 30,
    accepted: { kind: 'accepted', waId: 'wamid.1', envelope },
    session: SESSION,
  });

const bodyOf = (message = sent()): string =>
  message.answer?.kind === 'sent' ? message.answer.body : 'no receipt';

const gatewayIn = (envelope: unknown) =>
  (JSON.parse(bodyOf(sent(envelope))) as { gateway: Record<string, unknown> }).gateway;

describe('the receipt of a message that was sent', () => {
  it("has the members of the contract, in the contract's order", () => {
    expect(JSON.parse(bodyOf())).toEqual({
      messageId: '1a85c604-0f08-4182-8011-407ba84598c5',
      type: 'flow',
      status: 'sent',
      to: '254717746565',
      from: '254110090747',
      flowId: 'YOUR_FLOW_ID',
      waId: 'wamid.1',
      session: SESSION,
      attempts: 1,
      createdAt: '2026-01-02T03:04:05.000Z',
      sentAt: '2026-01-02T03:04:06.000Z',
      gateway: GATEWAY,
    });
    expect(Object.keys(JSON.parse(bodyOf()) as object)).toEqual(
      'messageId type status to from flowId waId session attempts createdAt sentAt gateway'.split(' '),
    );
  });

  it("has the gateway's response as it came, with its keys in their own order", () => {
    const odd = { z: 1, status: 'success', '10': [null, { a: '👋' }], data: { waId: 'w', b: 0.1 }, a: {} };
    expect(JSON.stringify(gatewayIn(odd))).toBe(JSON.stringify(odd));
  });

  it('has null for a missing waId', () => {
    const { waId: _, ...accepted } = { kind: 'accepted', waId: 'x', envelope: GATEWAY } as const;
    const settling = { now: NOW, calls: 1, retentionDays: 30, session: SESSION };
    const message = transition(sampleMessage(), 'gatewayAccepted', { ...settling, accepted });
    expect(JSON.parse(bodyOf(message))).toMatchObject({ waId: null });
  });

  it('says `sent` even if a callback was faster, and the message keeps the higher status', () => {
    const settling = { now: NOW, calls: 1, retentionDays: 30, session: SESSION };
    const accepted = { kind: 'accepted', waId: 'wamid.1', envelope: GATEWAY } as const;
    const message = transition(sampleMessage({ status: 'read' }), 'gatewayAccepted', {
      ...settling,
      accepted,
    });
    expect([message.status, JSON.parse(bodyOf(message))]).toMatchObject(['read', { status: 'sent' }]);
  });

  it('is kept for the retention time from then on, with nothing left to do', () => {
    expect(sent()).toMatchObject({ expiresAt: later(1 + 30 * 86_400) });
    expect([sent().lease, sent().dueAt]).toEqual([undefined, undefined]);
  });
});

describe("the gateway's response in a receipt", () => {
  const bytesOf = (envelope: unknown) => Buffer.byteLength(JSON.stringify(gatewayIn(envelope)));
  const ofBytes = (bytes: number) => {
    const empty = { ...GATEWAY, message: '' };
    return { ...empty, message: 'x'.repeat(bytes - Buffer.byteLength(JSON.stringify(empty))) };
  };

  it('may have 16 KiB', () => {
    expect(gatewayIn(ofBytes(LIMIT))).toEqual(ofBytes(LIMIT));
  });

  it.each<[string, unknown]>([
    ['a byte more', ofBytes(LIMIT + 1)],
    ['a long message', { ...GATEWAY, message: 'é'.repeat(60_000) }],
    ['a long list of errors', { ...GATEWAY, errors: Array(5_000).fill('error') }],
    ['a long list for a message', { ...GATEWAY, message: Array(5_000).fill('word') }],
    ['an object for a timestamp', { ...GATEWAY, timestamp: { at: Array(5_000).fill('now') } }],
    ['long ids', { ...GATEWAY, data: { messageId: 'm'.repeat(30_000), waId: 'w'.repeat(30_000) } }],
    [
      'characters that take six bytes each',
      {
        ...GATEWAY,
        timestamp: '\u0001'.repeat(9_000),
        message: '\u0001'.repeat(9_000),
        data: { waId: 'w', messageId: '\u0001'.repeat(9_000) },
      },
    ],
  ])('never exceeds 16 KiB, and keeps what accepted the message: %s', (_, envelope) => {
    expect(bytesOf(envelope)).toBeLessThanOrEqual(LIMIT);
    expect(gatewayIn(envelope)).toMatchObject({ status: 'success', data: { waId: expect.any(String) } });
  });

  it('says that it was cut', () => {
    expect(gatewayIn(ofBytes(LIMIT + 1))).toMatchObject({ truncated: true });
    expect(gatewayIn(ofBytes(LIMIT))).not.toHaveProperty('truncated');
  });
});

describe('the receipt of a message', () => {
  const seen = { session: null, gateway: null };

  it('with the status unknown has a reason and a next step', () => {
    const unknown = {
      status: 'unknown',
      reason: 'LipaChat did not respond in time',
      lease: undefined,
    } as const;
    const resent = receiptOf(sampleMessage({ ...unknown, dueAt: later(30) }), seen);
    expect(resent.reason).toBe('LipaChat did not respond in time');
    expect(resent.nextStep).toContain(later(30).toISOString());
    const held = receiptOf(sampleMessage({ ...unknown, dueAt: undefined }), seen);
    expect(held.nextStep).toMatch(/callback/);
  });

  it('has no reason and no next step when all is well', () => {
    expect(receiptOf(sampleMessage({ status: 'sent' }), seen)).not.toHaveProperty('reason');
  });
});

describe('a message as a client reads it', () => {
  it("has its history, and the session and the gateway's response of its receipt", () => {
    const view = viewOf({ ...sent(), status: 'delivered' });
    expect(view).toMatchObject({ status: 'delivered', session: SESSION, gateway: GATEWAY });
    expect(view.timeline).toEqual([
      { at: '2026-01-02T03:04:05.000Z', status: 'sending', source: 'api' },
      { at: '2026-01-02T03:04:06.000Z', status: 'sent', source: 'gateway' },
    ]);
  });

  it('shows no internal field: no owner, epoch, fingerprint, client or request', () => {
    const text = JSON.stringify(viewOf(sampleMessage()));
    for (const field of [
      'owner',
      'epoch',
      'fingerprint',
      'clientId',
      'request',
      'lease',
      'flowCta',
      'expiresAt',
    ]) {
      expect(text).not.toContain(`"${field}"`);
    }
  });

  it('says that it was refused, and why', () => {
    const words = { detail: 'Request failed.', correlationId: 'c' };
    const answer = { kind: 'rejected', code: 'gateway-rejected', ...words } as const;
    const message = sampleMessage({ status: 'failed', reason: 'Request failed.', answer, dueAt: undefined });
    expect(viewOf(message)).toMatchObject({ status: 'failed', reason: 'Request failed.', gateway: null });
  });
});

describe('the HTTP response to a send', () => {
  const messageId = idOf('m-1');
  const answered = (body: string) =>
    sampleMessage({ messageId, status: 'sent', answer: { kind: 'sent', body } });

  it('is 201 with the stored bytes and a Location', () => {
    const body = '{"stored":1.50}';
    expect(sendResponse({ message: answered(body), fresh: true })).toEqual({
      status: 201,
      body,
      headers: { location: '/v1/messages/m-1' },
    });
  });

  it('is the same bytes when it is a replay, and says so', () => {
    const answer = sendResponse({ message: answered('{}'), fresh: false });
    expect(answer).toMatchObject({ status: 201, body: '{}', headers: { 'idempotent-replayed': 'true' } });
  });

  it('is 202 with a link to poll when the outcome is not known yet', () => {
    const message = sampleMessage({ messageId, status: 'unknown', reason: 'r' });
    expect(sendResponse({ message, fresh: false })).toEqual({
      status: 202,
      body: receiptOf(message, { session: null, gateway: null }),
      headers: { location: '/v1/messages/m-1' },
    });
  });
});
