/** What can happen around a few messageIds, drawn at random: the senders, the faults and the time jumps. */
import fc from 'fast-check';
import type { ReportedStatus } from '../../../src/lib/messages/status.ts';
import type { Turn } from '../../support/fakes/gateway.ts';
import type { LinkFault } from '../../support/fakes/link.ts';
import type { WorldSettings } from '../../support/fakes/world.ts';

/** The watches of leases, or the scan alone, because every watch was lost. */
export type Finder = 'watches' | 'scan';

export const finder: fc.Arbitrary<Finder> = fc.constantFrom('watches', 'watches', 'scan');

/** The fate of one process: it dies at one of its awaits, and some of its calls to the store fail. */
export interface Fate {
  readonly crashAt: number | undefined;
  /** The number of steps that LipaChat's response takes, or that the process is frozen before it reads it. */
  readonly lag: number;
  readonly faults: readonly { readonly call: number; readonly fault: LinkFault }[];
}

export interface Racer extends Fate {
  /** The number of steps of the others before it starts. */
  readonly late: number;
  readonly messageId: 'm-1' | 'm-2';
  readonly text: 'one' | 'other';
}

export interface Scenario {
  readonly settings: Pick<
    WorldSettings,
    'mode' | 'leaseSeconds' | 'resendHorizonSeconds' | 'gatewayAttempts'
  >;
  readonly racers: readonly Racer[];
  readonly sweepers: readonly (Fate & { readonly ticks: number })[];
  readonly callbacks: readonly { readonly messageId: 'm-1' | 'm-2'; readonly status: ReportedStatus }[];
  readonly turns: readonly Turn[];
  readonly onRepeat: 'receipt' | 'duplicate' | 'delivers';
  /** What finishes crashed claims once all processes have stopped. Without watches, the daily scan does. */
  readonly finder: Finder;
  /** What the gateway does once all processes have stopped. */
  readonly afterwards: Turn;
  /** Time jumps, each this many steps after the one before. */
  readonly jumps: readonly { readonly turns: number; readonly ms: number }[];
  /** The time until the window closes, from the start. */
  readonly windowSeconds: number;
}

const rejected = { kind: 'rejected', message: 'No.', duplicate: false, envelope: null } as const;
const notSent = { kind: 'notSent', reason: 'refused' } as const;
const throttled = { kind: 'throttled', retryAfterMs: 1_000 } as const;

const turn: fc.Arbitrary<Turn> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Turn>('accept', 'accept-unheard', 'lost') },
  { weight: 1, arbitrary: fc.record({ slowMs: fc.constantFrom(3_000, 30_000) }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Turn>(
      rejected,
      notSent,
      throttled,
      { kind: 'credentials' },
      { kind: 'misconfigured', httpStatus: 403 },
      { kind: 'sessionClosed' },
    ),
  },
);

const fate = {
  crashAt: fc.option(fc.nat(24), { nil: undefined, freq: 2 }),
  lag: fc.constantFrom(0, 0, 10, 30),
  faults: fc.array(
    fc.record({ call: fc.nat(8), fault: fc.constantFrom<LinkFault>('before', 'after', 'again') }),
    { maxLength: 2 },
  ),
};

const messageId = fc.constantFrom('m-1', 'm-1', 'm-1', 'm-1', 'm-2');

const racer: fc.Arbitrary<Racer> = fc.record({
  messageId,
  text: fc.constantFrom('one', 'one', 'one', 'one', 'one', 'one', 'other'),
  late: fc.constantFrom(0, 0, 0, 5, 15),
  ...fate,
});

export const scenario = (fixed: { mode: 'resend' | 'hold'; onRepeat?: 'delivers' }): fc.Arbitrary<Scenario> =>
  fc.record({
    settings: fc.record({
      mode: fc.constant(fixed.mode),
      leaseSeconds: fc.constantFrom(5, 5, 60),
      resendHorizonSeconds: fc.constantFrom(0, 90, 900),
      gatewayAttempts: fc.integer({ min: 1, max: 3 }),
    }),
    racers: fc.array(racer, { minLength: 1, maxLength: 4 }),
    sweepers: fc.array(fc.record({ ...fate, ticks: fc.integer({ min: 1, max: 3 }) }), { maxLength: 2 }),
    callbacks: fc.array(
      fc.record({
        messageId,
        status: fc.constantFrom<ReportedStatus>('sent', 'delivered', 'read', 'failed'),
      }),
      { maxLength: 3 },
    ),
    turns: fc.array(turn, { maxLength: 6 }),
    onRepeat: fixed.onRepeat ? fc.constant(fixed.onRepeat) : fc.constantFrom('receipt', 'duplicate'),
    finder,
    afterwards: fc.constantFrom<Turn>('accept', 'lost', notSent, { kind: 'credentials' }),
    jumps: fc.array(
      fc.record({ turns: fc.nat(12), ms: fc.constantFrom(1_000, 6_000, 6_000, 31_000, 61_000) }),
      { maxLength: 5 },
    ),
    windowSeconds: fc.constantFrom(...Array<number>(9).fill(80_000), 100, 20),
  });
