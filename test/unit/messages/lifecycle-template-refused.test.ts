/** A parked message whose customer opts out or whose template message fails. */
import { describe, expect, it } from 'vitest';
import { transition } from '../../../src/lib/messages/lifecycle.ts';
import { type Message, waKeyOf } from '../../../src/lib/messages/message.ts';
import type { TemplateMessage } from '../../../src/lib/messages/sends.ts';
import { idOf, later, NOW, sampleMessage, sampleRequest } from '../../support/fakes/samples.ts';

const WAIT = 130_429;
const HELD_FOR_USER = 131_049;
const UNDELIVERABLE = 131_026;
const HOUR_S = 3_600;

const ID = idOf('m-1');
const FIRST = 'template-1';
const NEXT = 'template-2';
const out: TemplateMessage = { messageId: FIRST, state: 'sent', triedAt: later(10), waId: 'wamid.t' };
const parked = (changes: Partial<Message> = {}): Message =>
  sampleMessage({
    messageId: ID,
    status: 'parked',
    request: sampleRequest({ messageId: ID, whenClosed: 'template' }),
    lease: undefined,
    parkedUntil: later(24 * HOUR_S),
    dueAt: later(HOUR_S),
    templateMessage: out,
    ...changes,
  });
const ending = { now: later(60), detail: 'Oh', correlationId: 'c-1' };

const failedFor = (stored: Message, code: string, source: string) => ({
  ...stored,
  status: 'failed',
  request: undefined,
  dueAt: undefined,
  reason: 'Oh',
  answer: { kind: 'rejected', code, detail: 'Oh', correlationId: 'c-1' },
  timeline: [...stored.timeline, { at: later(60), status: 'failed', source, detail: 'Oh' }],
});

describe('a message that waits', () => {
  it.each(['parked', 'queued'] as const)('fails by its customer’s opt-out while %s', (status) => {
    const stored = parked({ status });
    expect(transition(stored, 'optedOut', ending)).toEqual(
      failedFor(stored, 'recipient-opted-out', 'callback'),
    );
  });

  it('fails where LipaChat refuses its template message', () => {
    expect(transition(parked(), 'templateRefused', ending)).toEqual(
      failedFor(parked(), 'gateway-rejected', 'gateway'),
    );
  });
});

interface Failure {
  readonly code?: number | undefined;
  readonly waId?: string | undefined;
  readonly name?: { readonly gatewayMessageId: string } | { readonly waKey: string };
  readonly writtenAt?: Date | undefined;
  readonly mode?: 'resend' | 'hold';
}
const fail = (stored: Message, failure: Failure = {}) => {
  const {
    code = UNDELIVERABLE,
    waId,
    name = { gatewayMessageId: FIRST },
    writtenAt,
    mode = 'resend',
  } = failure;
  const report = { status: 'failed', at: later(59), code, waId } as const;
  const facts = { ...ending, report, name, writtenAt, ambiguity: { mode }, templateId: NEXT };
  return transition(stored, 'templateFailed', facts);
};

describe('a failure of the template message', () => {
  it.each([{ gatewayMessageId: FIRST }, { waKey: waKeyOf('wamid.t') }])(
    'is the message’s own where no time mends it: by %j',
    (name) => {
      expect(fail(parked(), { name })).toEqual(failedFor(parked(), 'gateway-rejected', 'callback'));
    },
  );

  it('is the message’s own where it has no code', () => {
    const report = { status: 'failed', at: later(59) } as const;
    const facts = {
      ...ending,
      report,
      name: { gatewayMessageId: FIRST },
      writtenAt: undefined,
      ambiguity: { mode: 'resend' } as const,
      templateId: NEXT,
    };
    expect(transition(parked(), 'templateFailed', facts).status).toBe('failed');
  });

  it.each<[string, Partial<Message>, Failure]>([
    ['is about another template message', {}, { name: { gatewayMessageId: NEXT } }],
    ['is about none', { templateMessage: undefined }, {}],
    ['comes after the customer has written', {}, { writtenAt: later(10.001) }],
    [
      'comes after the customer has written since the message was created',
      { templateMessage: { ...out, triedAt: undefined } },
      { writtenAt: later(0.001) },
    ],
  ])('changes nothing where it %s', (_, changes, failure) => {
    for (const code of [UNDELIVERABLE, WAIT]) {
      const stored = parked(changes);
      expect(fail(stored, { code, ...failure })).toBe(stored);
    }
  });

  it('counts where the customer wrote no later than the template message left', () => {
    expect(fail(parked(), { writtenAt: later(10) }).status).toBe('failed');
    const untried = parked({ templateMessage: { ...out, triedAt: undefined } });
    expect(fail(untried, { writtenAt: NOW }).status).toBe('failed');
  });
});

describe('a failure of the template message that passes', () => {
  it('is followed by another one under an id of its own', () => {
    const stored = parked();
    const notBefore = later(60 + 150);
    expect(fail(stored, { code: WAIT })).toEqual({
      ...stored,
      templateMessage: {
        messageId: NEXT,
        state: 'pending',
        resends: 1,
        earlierIds: { 0: FIRST },
        tries: 1,
        triesOf: undefined,
        notBefore,
        waId: undefined,
        retiredWaIds: ['wamid.t'],
        triedAt: undefined,
      },
      dueAt: notBefore,
    });
  });

  it('is not followed by another one with outcomes on hold, and the flow still waits', () => {
    const before = parked();
    const templateMessage = { ...out, state: 'failed' };
    expect(fail(before, { code: WAIT, mode: 'hold' })).toEqual({ ...before, templateMessage });
    expect(fail(before, { code: UNDELIVERABLE, mode: 'hold' }).status).toBe('failed');
  });

  it('changes nothing where one of its sends was delivered', () => {
    const delivered = parked({ templateMessage: { ...out, state: 'delivered' } });
    for (const code of [WAIT, UNDELIVERABLE]) expect(fail(delivered, { code })).toBe(delivered);
  });

  it('counts the template messages before it', () => {
    const again = fail(parked({ templateMessage: { ...out, resends: 2, retiredWaIds: ['wamid.0'] } }), {
      code: WAIT,
    });
    expect(again.templateMessage).toMatchObject({ resends: 3, messageId: NEXT, earlierIds: { 2: FIRST } });
    expect(again.templateMessage?.retiredWaIds).toEqual(['wamid.0', 'wamid.t']);
  });

  it('retires the id of the report where the receipt was slower, and none where there is none', () => {
    const unheard = parked({ templateMessage: { ...out, waId: undefined } });
    expect(fail(unheard, { code: WAIT, waId: 'wamid.r' }).templateMessage?.retiredWaIds).toEqual(['wamid.r']);
    expect(fail(unheard, { code: WAIT }).templateMessage?.retiredWaIds).toEqual([]);
    expect(fail(parked(), { code: WAIT, waId: 'wamid.r' }).templateMessage?.retiredWaIds).toEqual([
      'wamid.t',
    ]);
  });

  it('is due at the end of the wait where that comes first', () => {
    expect(fail(parked({ parkedUntil: later(100) }), { code: WAIT }).dueAt).toEqual(later(100));
  });

  it('is given up where its tries are used up, and the flow goes on waiting', () => {
    const stored = parked({ templateMessage: { ...out, tries: 20 } });
    expect(fail(stored, { code: WAIT })).toEqual({
      ...stored,
      templateMessage: { ...out, state: 'failed', tries: 21, triesOf: undefined, triedAt: undefined },
    });
  });

  it('is tried once more after a day where WhatsApp spares the user', () => {
    const held = fail(parked(), { code: HELD_FOR_USER });
    expect(held.templateMessage).toMatchObject({
      state: 'pending',
      triesOf: { 'held-for-user': 1 },
      notBefore: later(60 + 24 * HOUR_S),
    });
    expect(held.dueAt).toEqual(later(24 * HOUR_S));
  });
});
