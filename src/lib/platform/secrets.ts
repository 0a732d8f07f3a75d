import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { AppError, type ErrorCode, isMissingParameter } from './errors.ts';
import type { Clock, Secret, Telemetry } from './ports.ts';
import { withoutNumbers } from './text.ts';
import { withinMs } from './time-limit.ts';

export interface SecretDeps {
  readonly client: SSMClient;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export interface SecretOptions {
  /** The name of a SecureString parameter. */
  readonly parameter: string;
  readonly cacheSeconds: number;
  /** The error for the caller if the value was never read and can't be read now. */
  readonly fault: { readonly code: ErrorCode; readonly detail: string };
  /** There need not be such a parameter: a missing one is no trouble to report. */
  readonly mayBeMissing?: true;
}

const CALL_LIMIT_MS = 3_000;
/**
 * How old a request may be for others to share it. An older one may come from before a freeze, in which its connection
 * and its time limit ran out.
 */
const SHARED_MS = 500;
/** The minimum time between reloads for a refused value, however often it is refused. */
const FORCED_REFRESH_MS = 30_000;
/** How long a stale value is used before the parameter store is tried again. */
const DOWN_MS = 10_000;
/** How long it counts that a parameter has no value for us. Without this, each send would ask, and use up the account's rate. */
const ABSENT_MS = 30_000;
/** The parameter store's answers that a repeat doesn't change. Other faults pass, so the next caller asks again. */
const ABSENT = new Set(['ParameterNotFound', 'AccessDeniedException', 'InvalidKeyId', 'NoValue']);

/**
 * One parameter, cached in this process. Concurrent reads share one request, and the stale value is used
 * while the parameter store is down.
 */
export function makeSecret({ client, clock, telemetry }: SecretDeps, options: SecretOptions): Secret {
  let known: { value: string; freshUntil: number } | undefined;
  let inFlight: { readonly since: number; readonly value: Promise<string> } | undefined;
  let absent: { readonly fault: AppError; readonly until: number } | undefined;
  let forcedAt = Number.NEGATIVE_INFINITY;

  async function fetch(): Promise<string> {
    const command = new GetParameterCommand({ Name: options.parameter, WithDecryption: true });
    const { Parameter } = await withinMs(CALL_LIMIT_MS, (abortSignal) =>
      client.send(command, { abortSignal }),
    );
    // A value that was piped or pasted often ends in a line feed, which no secret of ours contains.
    const value = Parameter?.Value?.trim();
    if (!value) throw Object.assign(new Error('the parameter has no value'), { name: 'NoValue' });
    return value;
  }

  async function load(): Promise<string> {
    try {
      const value = await fetch();
      absent = undefined;
      known = { value, freshUntil: clock.now().getTime() + options.cacheSeconds * 1000 };
      return value;
    } catch (cause) {
      if (known || !options.mayBeMissing || !isMissingParameter(cause))
        telemetry.error('parameter.unreadable', cause, {
          // The name of a number's own key contains the number.
          parameter: withoutNumbers(options.parameter),
          stale: known !== undefined,
        });
      if (!known) throw neverRead(cause);
      known = { ...known, freshUntil: clock.now().getTime() + DOWN_MS };
      return known.value;
    }
  }

  function neverRead(cause: unknown): AppError {
    const fault = new AppError(options.fault.code, options.fault.detail, { retryAfter: 5, cause });
    const until = (ms: number) => clock.now().getTime() + Math.min(ms, options.cacheSeconds * 1000);
    if (cause instanceof Error && ABSENT.has(cause.name)) absent = { fault, until: until(ABSENT_MS) };
    // A fault that passes does not undo that the parameter is missing.
    else if (isMissingParameter(absent?.fault)) absent = absent && { ...absent, until: until(DOWN_MS) };
    else absent = undefined;
    return absent?.fault ?? fault;
  }

  function refresh(): Promise<string> {
    const started = { since: clock.now().getTime(), value: load() };
    inFlight = started;
    const over = () => {
      if (inFlight === started) inFlight = undefined;
    };
    started.value.then(over, over);
    return started.value;
  }

  /** The request that others wait for, if this caller may wait for it too. */
  function shared(): Promise<string> | undefined {
    return inFlight && clock.now().getTime() - inFlight.since < SHARED_MS ? inFlight.value : undefined;
  }

  return {
    get() {
      if (known && clock.now().getTime() < known.freshUntil) return Promise.resolve(known.value);
      if (absent && clock.now().getTime() < absent.until) return Promise.reject(absent.fault);
      return shared() ?? refresh();
    },
    newerThan(refused) {
      if (known && known.value !== refused) return Promise.resolve(known.value);
      const begun = shared();
      if (begun) return begun;
      const now = clock.now().getTime();
      if (now - forcedAt < FORCED_REFRESH_MS) return Promise.resolve(refused);
      forcedAt = now;
      return refresh();
    },
  };
}
