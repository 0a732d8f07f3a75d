/** Sequential sends, as a Lambda environment gets them, by LipaFlow and the peer in turns. */
import type { Bundle } from './bundle.ts';
import { startGatewayStub } from './gateway.ts';
import { mean, median, percentile } from './statistics.ts';
import { type Candidate, expectStatus, flowEvent, GATEWAY_LATENCY_MS, type World } from './world.ts';

export const CANDIDATES: readonly Candidate[] = ['lipaflow', 'peer'];

/** Milliseconds. Overhead is the handler's time without the time that LipaChat had the request. */
export interface SendFigures {
  readonly p50: number;
  readonly p99: number;
  readonly cpuMs: number;
}

export interface SendSizes {
  /** Each with new processes. */
  readonly rounds: number;
  readonly warmUp: number;
  readonly sends: number;
}

export type ByCandidate<T> = Record<Candidate, T>;

interface Sample {
  readonly overheadMs: number;
  readonly cpuMs: number;
}

const none = (): ByCandidate<Sample[]> => ({ lipaflow: [], peer: [] });

const figuresOf = (samples: readonly Sample[]): SendFigures => ({
  p50: percentile(
    samples.map((s) => s.overheadMs),
    0.5,
  ),
  p99: percentile(
    samples.map((s) => s.overheadMs),
    0.99,
  ),
  cpuMs: mean(samples.map((s) => s.cpuMs)),
});

/** The median of each figure over the rounds. */
const overRounds = (rounds: readonly SendFigures[]): SendFigures => ({
  p50: median(rounds.map(({ p50 }) => p50)),
  p99: median(rounds.map(({ p99 }) => p99)),
  cpuMs: median(rounds.map(({ cpuMs }) => cpuMs)),
});

export async function benchSends(world: World, { rounds, warmUp, sends }: SendSizes) {
  const gateway = await startGatewayStub({ latencyMs: GATEWAY_LATENCY_MS });
  const fresh: ByCandidate<SendFigures[]> = { lipaflow: [], peer: [] };
  const repeats: ByCandidate<SendFigures[]> = { lipaflow: [], peer: [] };

  const sendOne = async (bundle: Bundle, messageId: string): Promise<Sample> => {
    const { ms, cpuMs } = expectStatus(await bundle.invoke(flowEvent(messageId)), 201);
    return { overheadMs: ms - gateway.took(messageId), cpuMs };
  };

  const repeatOne = async (bundle: Bundle, messageId: string): Promise<Sample> => {
    const { ms, cpuMs } = expectStatus(await bundle.invoke(flowEvent(messageId)), 201);
    return { overheadMs: ms, cpuMs };
  };

  for (let round = 0; round < rounds; round += 1) {
    const settings = { LIPACHAT_BASE_URL: gateway.baseUrl };
    const bundles = {
      lipaflow: await world.candidate('lipaflow', settings),
      peer: await world.candidate('peer', settings),
    };
    const samples = { fresh: none(), repeats: none() };
    for (let k = -warmUp; k < sends; k += 1) {
      for (const who of CANDIDATES) {
        const sent = await sendOne(bundles[who], `${who}-${round}-${k}`);
        if (k >= 0) samples.fresh[who].push(sent);
      }
    }
    for (let k = 0; k < sends; k += 1) {
      for (const who of CANDIDATES) {
        samples.repeats[who].push(await repeatOne(bundles[who], `${who}-${round}-${k}`));
      }
    }
    for (const who of CANDIDATES) {
      fresh[who].push(figuresOf(samples.fresh[who]));
      repeats[who].push(figuresOf(samples.repeats[who]));
      bundles[who].stop();
    }
  }
  gateway.close();
  const both = (figures: ByCandidate<SendFigures[]>): ByCandidate<SendFigures> => ({
    lipaflow: overRounds(figures.lipaflow),
    peer: overRounds(figures.peer),
  });
  return { fresh: both(fresh), repeats: both(repeats) };
}
