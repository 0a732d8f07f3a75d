/** The table of transitions against the functions behind it: every status, every event, every kind of message. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { otherIdsOf, sentIdsOf } from '../../../src/lib/messages/gateway-message-id.ts';
import { MESSAGE_TRANSITIONS, newMessage, transition } from '../../../src/lib/messages/lifecycle.ts';
import type { Message } from '../../../src/lib/messages/message.ts';
import type { TemplateMessage } from '../../../src/lib/messages/sends.ts';
import { isProven, type ReportedStatus, type Status } from '../../../src/lib/messages/status.ts';
import {
  idOf,
  later,
  NEW_IDS,
  NOW,
  sampleMessage,
  sampleRequest,
  sampleTerms,
} from '../../support/fakes/samples.ts';

type Table = typeof MESSAGE_TRANSITIONS;
type Event = { [S in Status]: keyof Table[S] }[Status];
type Facts<E extends Event> = Parameters<typeof transition<E>>[2];

interface Way {
  readonly to: Status;
}
const table: Record<string, Record<string, readonly Way[]>> = MESSAGE_TRANSITIONS;
const STATUSES = Object.keys(MESSAGE_TRANSITIONS) as Status[];
const waysOf = (status: Status, event: Event): readonly Status[] =>
  (table[status]?.[event] ?? []).map(({ to }) => to);

const WA_ID = 'wamid.1';
const HOUR_S = 3_600;

const settling = {
  calls: 1,
  retentionDays: 30,
  correlationId: 'c',
  session: { open: true, expiresAt: null },
};
const accepted = { kind: 'accepted', waId: WA_ID, envelope: {} } as const;

const owner = fc.constantFrom('owner-1', 'owner-2');
const fence = fc.record({ owner, epoch: fc.constantFrom(1, 2) });
const seconds = fc.constantFrom(0, 30, 90, 2 * HOUR_S);
const now = seconds.map((n) => later(n));
const reason = fc.constant('because');
const code = fc.constantFrom(undefined, 131_047, 131_049, 131_056, 131_026);
const terms = fc
  .record({ now, owner, mode: fc.constantFrom('resend', 'hold') })
  .map(({ mode, ...rest }) => sampleTerms({ ...rest, ambiguity: { mode, resendHorizonSeconds: 900 } }));
const ambiguity = fc.record({ mode: fc.constantFrom('resend', 'hold') });
const reported = (status: ReportedStatus) =>
  fc.record({
    now,
    ambiguity,
    newIds: fc.constant(NEW_IDS),
    report: fc.record({
      status: fc.constant(status),
      at: now,
      code,
      waId: fc.constantFrom(undefined, WA_ID),
    }),
  });
const ending = { now, detail: reason, correlationId: reason };

/** Facts for every event. A new event needs its own here. */
const FACTS: { readonly [E in Event]: fc.Arbitrary<Facts<E>> } = {
  takenOver: terms,
  windowClosed: fc.record({ fence, now, templateId: fc.constant('template-2') }),
  postponed: fc.record({ fence, now, reason, delaySeconds: seconds, errorClass: fc.constant(undefined) }),
  gatewayAccepted: now.map((at) => ({ ...settling, accepted, now: at })),
  refused: fc.record({ fence, now, detail: reason }).map((facts) => ({
    ...settling,
    ...facts,
    code: 'gateway-rejected',
  })),
  outcomeUnknown: fc
    .record({ fence, now, reason, nextTryAt: fc.option(now, { nil: undefined }) })
    .map((facts) => ({ ...settling, ...facts })),
  repeatForbidden: fc.record({ terms, now, reason }),
  givenUp: fc.record({ fence, now, reason }),
  answerMissing: now.map((at) => ({ ...settling, now: at })),
  waitEnded: fc.record({ now }),
  rechecked: fc.record({ now, isWindowOpen: fc.boolean() }),
  reenqueued: fc.record({ now }),
  optedOut: fc.record(ending),
  templateRefused: fc.record(ending),
  templateFailed: fc.record({
    ...ending,
    report: reported('failed').map(({ report }) => report),
    name: fc.constantFrom({ gatewayMessageId: 'template-1' }, { gatewayMessageId: 'template-0' }),
    writtenAt: fc.option(now, { nil: undefined }),
    ambiguity,
    templateId: fc.constant('template-2'),
  }),
  reportedSent: reported('sent'),
  reportedFailed: reported('failed'),
  reportedDelivered: reported('delivered'),
  reportedRead: reported('read'),
  replied: fc.record({
    now,
    reply: fc.record({
      id: fc.constant('in-1'),
      at: now,
      response: fc.constant({}),
      matchedBy: fc.constantFrom('token', 'context', 'only-open-flow'),
    }),
    quotedWaId: fc.constantFrom(undefined, WA_ID),
  }),
};
const EVENTS = Object.keys(FACTS) as Event[];

const templateMessage = fc.record<TemplateMessage>({
  messageId: fc.constant('template-1'),
  state: fc.constantFrom('pending', 'sent', 'delivered', 'suppressed', 'failed', 'unknown'),
});
const optional = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined });

/** Any message with this status, including those that no sequence of events reaches. */
const messageIn = (status: Status): fc.Arbitrary<Message> =>
  fc
    .record({
      request: optional(fc.constantFrom('reject', 'park', 'template').map((how) => requestFor(how))),
      lease: optional(
        fc.record({ owner, until: now, phase: fc.constantFrom('claimed' as const, 'dispatched' as const) }),
      ),
      answer: optional(fc.constant({ kind: 'sent', body: '{}' } as const)),
      epoch: fc.constantFrom(1, 2),
      parkedUntil: optional(now),
      dueAt: optional(now),
      waId: fc.constantFrom(undefined, WA_ID, 'wamid.0'),
      tries: fc.constantFrom(undefined, 19, 20),
      templateMessage: optional(templateMessage),
    })
    .map((changes) => sampleMessage({ ...changes, status }));

function requestFor(whenClosed: 'reject' | 'park' | 'template') {
  return sampleRequest({ messageId: idOf('m-1'), whenClosed, parkForSeconds: HOUR_S });
}

const happening = <E extends Event>(event: E): fc.Arbitrary<(message: Message) => Message> =>
  FACTS[event].map((facts) => (message: Message) => transition(message, event, facts));

const cases = STATUSES.flatMap((status) => EVENTS.map((event) => ({ status, event })));
const unlisted = cases.filter(({ status, event }) => waysOf(status, event).length === 0);
const listed = cases.filter(({ status, event }) => waysOf(status, event).length > 0);

describe('the table of message transitions', () => {
  it.each(unlisted)('$status: $event is not listed, and changes nothing', ({ status, event }) => {
    fc.assert(
      fc.property(messageIn(status), happening(event), (message, apply) => {
        expect(apply(message)).toBe(message);
      }),
      { numRuns: 30 },
    );
  });

  it.each(listed)(
    '$status: $event leads where its arrows point, and each arrow is taken',
    ({ status, event }) => {
      const met = new Set<Status>();
      fc.assert(
        fc.property(messageIn(status), happening(event), (message, apply) => {
          const after = apply(message);
          if (after === message) return;
          expect(waysOf(status, event)).toContain(after.status);
          met.add(after.status);
        }),
        { numRuns: 300, seed: 1 },
      );
      expect([...met].toSorted()).toEqual([...new Set(waysOf(status, event))].toSorted());
    },
  );

  it('leaves the identity of a message unchanged by any event', () => {
    const any = fc.constantFrom(...EVENTS).chain(happening);
    fc.assert(
      fc.property(
        fc.constantFrom('claimed', 'accepted'),
        fc.array(any, { maxLength: 30 }),
        (first, events) => {
          const claiming = {
            request: requestFor('template'),
            clientId: 'client-1',
            terms: sampleTerms(),
          } as const;
          const born = newMessage(first, claiming);
          const { messageId, clientId, fingerprint, to, from, flowId, createdAt } = born;
          const end = events.reduce((message, apply) => apply(message), born);
          expect(end).toMatchObject({ messageId, clientId, fingerprint, to, from, flowId, createdAt });
          expect(end.epoch).toBeGreaterThanOrEqual(born.epoch);
        },
      ),
    );
  });

  it('keeps every id under which a send may have left, those that 0.1 derived too', () => {
    const any = fc.constantFrom<Event>('reportedFailed', 'templateFailed', ...EVENTS).chain(happening);
    const message = fc.constantFrom(...STATUSES).chain(messageIn);
    const of01 = fc.constantFrom(undefined, 1, 2);
    fc.assert(
      fc.property(message, of01, fc.array(any, { maxLength: 30 }), (first, resends, events) => {
        let now: Message = { ...first, resends };
        for (const apply of events) {
          const after = apply(now);
          expect(sentIdsOf(after).slice(0, sentIdsOf(now).length)).toEqual(sentIdsOf(now));
          expect(otherIdsOf(after)).toEqual(expect.arrayContaining(otherIdsOf(now)));
          now = after;
        }
      }),
    );
  });

  it('never takes back a proven status, except for an attempt that sent nothing and a temporary failure', () => {
    const back = STATUSES.filter(isProven).flatMap((status) =>
      EVENTS.filter((event) => waysOf(status, event).some((to) => !isProven(to))).map((event) => [
        status,
        event,
      ]),
    );
    expect(back.filter(([, event]) => event !== 'windowClosed' && event !== 'postponed')).toEqual([
      ['sent', 'reportedFailed'],
    ]);
  });

  it('has a path from every status to one that WhatsApp reports', () => {
    for (const status of STATUSES) {
      const reached = new Set<Status>([status]);
      for (const one of reached)
        for (const event of EVENTS) for (const to of waysOf(one, event)) reached.add(to);
      expect([...reached].some(isProven), status).toBe(true);
    }
  });

  it('is entered as `sending` by a claim, and as `queued` by a 202', () => {
    const claiming = { request: requestFor('park'), clientId: 'client-1', terms: sampleTerms({ now: NOW }) };
    expect(newMessage('claimed', claiming)).toMatchObject({ status: 'sending', lease: { owner: 'owner-1' } });
    expect(newMessage('accepted', claiming)).toMatchObject({ status: 'queued', accepted: true });
  });
});
