/** What the figures should be, and whether they are. Every goal is printed, met or not. */
import type { CallbacksResult } from './callbacks.ts';
import type { FirstSend } from './cold.ts';
import type { ByCandidate, SendFigures, SendsResult } from './sends.ts';

export interface Goal {
  readonly of: string;
  readonly atMost: number;
  readonly unit: 'of the peer’s' | 'ms' | 'in a row';
  readonly measured: number;
  readonly met: boolean;
}

export interface Measured {
  /** By condition; the plain one is the first. */
  readonly sends: readonly { readonly name: string; readonly result: SendsResult }[];
  readonly first: readonly { readonly name: string; readonly result: ByCandidate<FirstSend> }[];
  readonly callbacks: CallbacksResult;
}

const goal = (of: string, measured: number, atMost: number, unit: Goal['unit']): Goal => {
  return { of, measured, atMost, unit, met: measured <= atMost };
};

/** Ratios of LipaFlow's figures to the peer's. */
function ratios<T>(
  figures: ByCandidate<T>,
  goals: readonly [of: string, figureOf: (figures: T) => number, atMost: number][],
) {
  return goals.map(([of, figureOf, atMost]) =>
    goal(of, figureOf(figures.lipaflow) / figureOf(figures.peer), atMost, 'of the peer’s'),
  );
}

const under = (of: string, name: string): string => (name === '' ? of : `${of}, ${name}`);

const ofSends = (name: string, { fresh, repeats }: SendsResult): Goal[] => [
  ...ratios<SendFigures>(fresh, [
    [under('overhead, median', name), ({ p50 }) => p50, 0.66],
    [under('overhead, p99', name), ({ p99 }) => p99, 0.66],
    [under('CPU', name), ({ cpuMs }) => cpuMs, 0.68],
  ]),
  ...ratios<SendFigures>(repeats, [
    [under('repeat, median', name), ({ p50 }) => p50, 0.95],
    [under('repeat, CPU', name), ({ cpuMs }) => cpuMs, 0.95],
  ]),
];

const ofFirst = (name: string, figures: ByCandidate<FirstSend>): Goal[] =>
  ratios(figures, [
    [under('first send, event waiting', name), ({ waitingMs }) => waitingMs, 0.45],
    [under('first send, frozen after init', name), ({ frozenMs }) => frozenMs, 0.45],
    [under('process start to first answer', name), ({ fromSpawnMs }) => fromSpawnMs, 0.9],
  ]);

/** Without a worker the webhook's own answer holds all effects, and both are measured by it. */
function ofCallbacks({ status, inbound, roundTrips }: CallbacksResult): Goal[] {
  const effects = ({ webhook, worker }: CallbacksResult['status']) => (worker ?? webhook).p50;
  return [
    goal('webhook’s answer to an inbound, median', inbound.webhook.p50, 8, 'ms'),
    goal('webhook’s answer to a status, median', status.webhook.p50, 8, 'ms'),
    goal('effects of an inbound, median', effects(inbound), 20, 'ms'),
    goal('calls to AWS for an inbound', Math.round(roundTrips), 3, 'in a row'),
    goal('effects of a status, median', effects(status), 12, 'ms'),
  ];
}

export const goalsOf = ({ sends, first, callbacks }: Measured): Goal[] => [
  ...sends.flatMap(({ name, result }) => ofSends(name, result)),
  ...first.flatMap(({ name, result }) => ofFirst(name, result)),
  ...ofCallbacks(callbacks),
];
