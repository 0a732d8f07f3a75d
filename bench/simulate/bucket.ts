/** A token bucket, as AWS's request quotas work: `rate` tokens a second, `burst` at most. */
import type { Engine } from './engine.ts';

export interface Bucket {
  /** Takes that many tokens, or none of them and returns false. */
  readonly take: (tokens?: number) => boolean;
}

export function makeBucket(engine: Engine, rate: number, burst: number = rate): Bucket {
  let tokens = burst;
  let filledAt = 0;
  return {
    take(wanted = 1) {
      const now = engine.now();
      tokens = Math.min(burst, tokens + ((now - filledAt) * rate) / 1000);
      filledAt = now;
      if (tokens < wanted) return false;
      tokens -= wanted;
      return true;
    },
  };
}

/** Tries `take` until it succeeds, at most `tries` times, with the SDK's random and growing pauses; then `end`. */
export function retrying(
  engine: Engine,
  {
    take,
    tries,
    pauseMs,
  }: { readonly take: () => boolean; readonly tries: number; readonly pauseMs: number },
  end: (done: boolean) => void,
): void {
  const attempt = (n: number): void => {
    const isTaken = take();
    if (isTaken || n >= tries) end(isTaken);
    else engine.after(engine.random() * pauseMs * 2 ** (n - 1), () => attempt(n + 1));
  };
  attempt(1);
}
