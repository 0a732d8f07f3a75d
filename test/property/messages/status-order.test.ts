import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVENT_OF_REPORT, transition } from '../../../src/lib/messages/lifecycle.ts';
import type { Message } from '../../../src/lib/messages/message.ts';
import { isProven, type ReportedStatus, type Status } from '../../../src/lib/messages/status.ts';
import { later, NEW_IDS, sampleMessage } from '../../support/fakes/samples.ts';

const rung = fc.constantFrom<ReportedStatus>('sent', 'failed', 'delivered', 'read');
const UNPROVEN = ['queued', 'parked', 'expired', 'sending', 'unknown'] as const satisfies Status[];
const status = fc.constantFrom<Status>(...UNPROVEN, 'sent', 'failed', 'delivered', 'read');

/** One report about a message: by a callback, or by the response to the send itself. */
type Word = { readonly by: 'callback'; readonly status: ReportedStatus } | { readonly by: 'answer' };

const word: fc.Arbitrary<Word> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ by: fc.constant('callback' as const), status: rung }) },
  { weight: 1, arbitrary: fc.constant({ by: 'answer' as const }) },
);

const WA_ID = 'wamid.1';
const ORDER: readonly Status[] = ['sent', 'failed', 'delivered', 'read'];

function hearing(message: Message, said: Word, at: Date): Message {
  if (said.by === 'callback') {
    const report = { status: said.status, at, waId: WA_ID };
    return transition(message, EVENT_OF_REPORT[said.status], {
      report,
      now: at,
      ambiguity: { mode: 'resend' },
      newIds: NEW_IDS,
    });
  }
  const accepted = { kind: 'accepted', waId: WA_ID, envelope: {} } as const;
  const session = { open: true, expiresAt: null };
  return transition(message, 'gatewayAccepted', { now: at, calls: 1, retentionDays: 30, accepted, session });
}

const heardAll = (words: readonly Word[]): Message =>
  words.reduce((message, said, n) => hearing(message, said, later(n)), sampleMessage());

const rungOf = (said: Word): ReportedStatus => (said.by === 'callback' ? said.status : 'sent');

/** The parts of a message that must not depend on the order of the reports. */
const essence = (message: Message) => ({
  status: message.status,
  waId: message.waId,
  hasAnswer: message.answer !== undefined,
  history: new Set(message.timeline.map(({ status: s, source }) => `${source} ${s}`)),
});

const someWords = fc.array(word, { minLength: 1, maxLength: 8 });

describe("the reports of callbacks and of the send's own response", () => {
  it('lead to the highest status of all, in any order', () => {
    fc.assert(
      fc.property(someWords, (words) => {
        const highest = [...ORDER].reverse().find((s) => words.some((said) => rungOf(said) === s));
        expect(heardAll(words).status).toBe(highest);
      }),
    );
  });

  it('lead to the same message in any order and with any repetition', () => {
    const shuffled = someWords.chain((words) =>
      fc.tuple(
        fc.constant(words),
        fc.shuffledSubarray([...words, ...words], {
          minLength: 2 * words.length,
          maxLength: 2 * words.length,
        }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([words, repeated]) => {
        expect(essence(heardAll(repeated))).toEqual(essence(heardAll(words)));
      }),
    );
  });

  it('change nothing when they are repeated: the same message object is returned', () => {
    fc.assert(
      fc.property(someWords, word, (words, said) => {
        const once = hearing(heardAll(words), said, later(90));
        expect(hearing(once, said, later(99))).toBe(once);
      }),
    );
  });

  it('keep the first receipt, whatever is reported later', () => {
    fc.assert(
      fc.property(someWords, someWords, (before, after) => {
        const settled = heardAll([...before, { by: 'answer' }]);
        const inTheEnd = after.reduce((message, said) => hearing(message, said, later(99)), settled);
        expect(inTheEnd.answer).toEqual(settled.answer);
      }),
    );
  });

  it('never undo a delivery with a failure', () => {
    fc.assert(
      fc.property(fc.constantFrom<ReportedStatus>('delivered', 'read'), someWords, (reached, words) => {
        const message = words.reduce(
          (m, said) => hearing(m, said, later(9)),
          heardAll([{ by: 'callback', status: reached }]),
        );
        expect(message.status).not.toBe('failed');
        expect(message.reason).toBeUndefined();
      }),
    );
  });

  it('leave a reason exactly when the message failed in the end', () => {
    fc.assert(
      fc.property(someWords, (words) => {
        const message = heardAll(words);
        expect(message.reason !== undefined).toBe(message.status === 'failed');
      }),
    );
  });

  it('leave a history that never outgrows what can be stored', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 200 }), (words) => {
        expect(heardAll(words).timeline.length).toBeLessThanOrEqual(10);
      }),
    );
  });
});

/** The status that a callback leads to from this one. */
const advanceStatus = (current: Status, reported: ReportedStatus): Status =>
  hearing(sampleMessage({ status: current, waId: WA_ID }), { by: 'callback', status: reported }, later(1))
    .status;

describe('the status order', () => {
  it('advances a message to the higher of its own and the reported status', () => {
    fc.assert(
      fc.property(status, rung, (current, reported) => {
        const isHigher = ORDER.indexOf(reported) > ORDER.indexOf(current);
        expect(advanceStatus(current, reported)).toBe(isHigher ? reported : current);
      }),
    );
  });

  it('never goes down, and changes nothing the second time', () => {
    fc.assert(
      fc.property(status, rung, rung, (current, first, second) => {
        const up = advanceStatus(current, first);
        expect(advanceStatus(up, first)).toBe(up);
        expect(advanceStatus(advanceStatus(current, first), second)).toBe(
          advanceStatus(advanceStatus(current, second), first),
        );
      }),
    );
  });

  it('proves a send from its first status on', () => {
    fc.assert(
      fc.property(status, rung, (current, reported) => {
        expect(isProven(advanceStatus(current, reported))).toBe(true);
      }),
    );
    expect(UNPROVEN.filter(isProven)).toEqual([]);
  });
});
