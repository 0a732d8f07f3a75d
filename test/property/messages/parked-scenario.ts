/** What can happen around the flows that wait for one customer, drawn at random. */
import fc from 'fast-check';
import type { Turn } from '../../support/fakes/gateway.ts';
import type { LinkFault } from '../../support/fakes/link.ts';
import { type Fate, type Finder, finder } from './claim-scenario.ts';

interface ParkedFlow {
  readonly whenClosed: 'park' | 'template';
  readonly flowId: 'A' | 'B';
  readonly parkForSeconds: number;
}

/** A message from the customer, with the number of times that the webhook brings it. */
export interface Inbound {
  readonly late: number;
  readonly word: 'hi' | 'STOP';
  readonly copies: readonly Fate[];
}

export interface Refusal {
  readonly flow: number;
  readonly late: number;
  readonly code: number;
  readonly copies: number;
  /** By LipaChat's id, by WhatsApp's, or by both. */
  readonly by: 'gatewayMessageId' | 'waId' | 'both';
}

export interface ParkedScenario {
  readonly mode: 'resend' | 'hold';
  readonly flows: readonly ParkedFlow[];
  readonly inbound: readonly Inbound[];
  readonly workers: readonly (Fate & { readonly rounds: number; readonly twice: boolean })[];
  readonly sweepers: readonly (Fate & { readonly ticks: number })[];
  /** WhatsApp fails the first or the latest delivery of the n-th flow, in several concurrent callbacks. */
  readonly refused: readonly (Refusal & { readonly send: 'first' | 'latest' })[];
  /** The same for its template message. */
  readonly templatesRefused: readonly Refusal[];
  readonly templateTurns: readonly Turn[];
  readonly turns: readonly Turn[];
  readonly jumps: readonly { readonly turns: number; readonly ms: number }[];
  /** What finishes crashed claims once all processes have stopped. */
  readonly finder: Finder;
  /** Whether the customer writes once more when all processes have stopped. */
  readonly writesAgain: boolean;
}

const rejected = { kind: 'rejected', message: 'No.', duplicate: false, envelope: null } as const;
const notSent = { kind: 'notSent', reason: 'refused' } as const;

const held = { ...rejected, errorClass: 'held-for-user' } as const;
const stopped = { ...rejected, errorClass: 'stop-number' } as const;

const refusal = {
  flow: fc.nat(3),
  late: fc.constantFrom(10, 25, 40),
  // A closed window, too fast, an unknown cause, held for the user's sake, and undeliverable.
  code: fc.constantFrom(131_047, 131_047, 130_429, 131_000, 131_049, 131_026),
  copies: fc.integer({ min: 1, max: 3 }),
  by: fc.constantFrom('gatewayMessageId', 'waId', 'both'),
} as const;

const fate = {
  crashAt: fc.option(fc.nat(30), { nil: undefined, freq: 2 }),
  lag: fc.constantFrom(0, 0, 10),
  faults: fc.array(
    fc.record({ call: fc.nat(8), fault: fc.constantFrom<LinkFault>('before', 'after', 'again') }),
    { maxLength: 1 },
  ),
};

export const parkedScenario: fc.Arbitrary<ParkedScenario> = fc.record({
  mode: fc.constantFrom('resend', 'resend', 'hold'),
  flows: fc.array(
    fc.record({
      whenClosed: fc.constantFrom('park', 'template'),
      flowId: fc.constantFrom('A', 'A', 'B'),
      parkForSeconds: fc.constantFrom(60, 300, 86_400, 86_400, 86_400),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  inbound: fc.array(
    fc.record({
      late: fc.constantFrom(0, 0, 5, 15, 40),
      word: fc.constantFrom('hi', 'hi', 'hi', 'hi', 'STOP'),
      copies: fc.array(fc.record(fate), { minLength: 1, maxLength: 3 }),
    }),
    { maxLength: 3 },
  ),
  workers: fc.array(fc.record({ ...fate, rounds: fc.integer({ min: 1, max: 8 }), twice: fc.boolean() }), {
    minLength: 1,
    maxLength: 3,
  }),
  sweepers: fc.array(fc.record({ ...fate, ticks: fc.integer({ min: 1, max: 3 }) }), { maxLength: 2 }),
  refused: fc.array(fc.record({ ...refusal, send: fc.constantFrom('first', 'latest') }), { maxLength: 3 }),
  templatesRefused: fc.array(fc.record(refusal), { maxLength: 2 }),
  templateTurns: fc.array(
    fc.constantFrom<Turn>('accept', 'accept', 'accept-unheard', 'lost', notSent, held, stopped, rejected),
    { maxLength: 4 },
  ),
  turns: fc.array(
    fc.constantFrom<Turn>(
      ...(['accept', 'accept', 'accept', 'accept', 'accept-unheard', 'lost'] as const),
      notSent,
      { kind: 'throttled', retryAfterMs: 1_000 },
      { kind: 'throttled', pair: true },
      { kind: 'sessionClosed' },
      held,
      stopped,
      rejected,
    ),
    { maxLength: 5 },
  ),
  jumps: fc.array(
    fc.record({ turns: fc.nat(15), ms: fc.constantFrom(1_000, 6_000, 6_000, 31_000, 61_000, 300_000) }),
    { maxLength: 5 },
  ),
  finder,
  writesAgain: fc.boolean(),
});
