/** Sequential sends, as a Lambda environment gets them, by LipaFlow and the peer in turns. */
import type { Bundle } from './bundle.ts';
import type { Condition } from './conditions.ts';
import type { GatewayStub } from './gateway.ts';
import { mean, median, percentile } from './statistics.ts';
import { type Candidate, expectStatus, flowEvent, type World } from './world.ts';

export const CANDIDATES: readonly Candidate[] = ['lipaflow', 'peer'];

/** Milliseconds. Overhead is the handler's time without the time that LipaChat had the request. */
export interface SendFigures {
  readonly p50: number;
  readonly p99: number;
  readonly cpuMs: number;
}

interface SendSizes {
  /** Each with new processes. */
  readonly rounds: number;
  readonly warmUp: number;
  readonly sends: number;
  /** How long the process is frozen between two sends; undefined for no freeze. */
  readonly freezeMs?: number;
}

export type ByCandidate<T> = Record<Candidate, T>;

interface Sample {
  readonly overheadMs: number;
  readonly cpuMs: number;
}

const none = (): ByCandidate<Sample[]> => ({ lipaflow: [], peer: [] });

const figuresOf = (samples: readonly Sample[]): SendFigures => {
  const overheads = samples.map((s) => s.overheadMs);
  const cpuMs = mean(samples.map((s) => s.cpuMs));
  return { p50: percentile(overheads, 0.5), p99: percentile(overheads, 0.99), cpuMs };
};

/** The median of each figure over the rounds. */
const overRounds = (rounds: readonly SendFigures[]): SendFigures => ({
  p50: median(rounds.map(({ p50 }) => p50)),
  p99: median(rounds.map(({ p99 }) => p99)),
  cpuMs: median(rounds.map(({ cpuMs }) => cpuMs)),
});

const both = (figures: ByCandidate<SendFigures[]>): ByCandidate<SendFigures> => ({
  lipaflow: overRounds(figures.lipaflow),
  peer: overRounds(figures.peer),
});

export interface SendsOptions extends SendSizes {
  readonly gateway: GatewayStub;
  readonly condition: Condition;
}

export async function benchSends(world: World, options: SendsOptions) {
  const { gateway, condition, rounds, warmUp, sends, freezeMs } = options;
  const thenFreeze = freezeMs !== undefined;
  const fresh: ByCandidate<SendFigures[]> = { lipaflow: [], peer: [] };
  const repeats: ByCandidate<SendFigures[]> = { lipaflow: [], peer: [] };

  const callOne = async (bundle: Bundle, messageId: string): Promise<Sample> => {
    if (thenFreeze) await bundle.frozenFor(freezeMs);
    const call = await bundle.invoke(flowEvent(messageId), { thenFreeze });
    const { ms, cpuMs } = expectStatus(call, 201);
    return { overheadMs: ms - gateway.lastTook(messageId), cpuMs };
  };

  for (let round = 0; round < rounds; round += 1) {
    const start = (who: Candidate) =>
      world.candidate(who, condition.environment, { freeze: thenFreeze, procs: condition.procs });
    const bundles = { lipaflow: await start('lipaflow'), peer: await start('peer') };
    const samples = { fresh: none(), repeats: none() };
    const id = (who: Candidate, k: number) => `${condition.name}-${freezeMs}-${who}-${round}-${k}`;
    for (let k = -warmUp; k < sends; k += 1) {
      for (const who of CANDIDATES) {
        const sent = await callOne(bundles[who], id(who, k));
        if (k >= 0) samples.fresh[who].push(sent);
      }
    }
    for (let k = 0; k < sends; k += 1) {
      for (const who of CANDIDATES) samples.repeats[who].push(await callOne(bundles[who], id(who, k)));
    }
    for (const who of CANDIDATES) {
      fresh[who].push(figuresOf(samples.fresh[who]));
      repeats[who].push(figuresOf(samples.repeats[who]));
      bundles[who].stop();
    }
  }
  return { fresh: both(fresh), repeats: both(repeats) };
}

export type SendsResult = Awaited<ReturnType<typeof benchSends>>;
