import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/lib/platform/clock.ts';
import { traceOfInvocation } from '../../../src/lib/platform/config.ts';
import { AppError } from '../../../src/lib/platform/errors.ts';
import { makeTelemetry } from '../../../src/lib/platform/telemetry.ts';

const CANARY = 'canary-254717746565';

let output = '';
beforeEach(() => {
  output = '';
  const keep = (chunk: unknown) => {
    output += String(chunk);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  vi.spyOn(process.stderr, 'write').mockImplementation(keep);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const aWhile = () => sleep(5);

/** The written lines, as JSON. */
async function linesOf(
  work: (telemetry: ReturnType<typeof makeTelemetry>) => void,
  level: 'INFO' | 'ERROR' = 'INFO',
) {
  work(
    makeTelemetry({
      functionName: 'sendFlow',
      stage: 'dev',
      level,
      clock: systemClock,
      trace: traceOfInvocation,
    }),
  );
  await aWhile();
  const lines = output.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const thrown = (error: Error): Error => {
  try {
    throw error;
  } catch (caught) {
    return caught as Error;
  }
};

describe('a log line', () => {
  it('is one line of JSON, with its level, its event and its fields', async () => {
    const lines = await linesOf((telemetry) => {
      telemetry.info('api.answered', { status: 201, route: 'POST /v1/flows' });
      telemetry.warn('claim.taken-over', { messageId: 'm\n1' });
    });
    expect(lines).toMatchObject([
      { level: 'INFO', message: 'api.answered', status: 201, service: 'sendFlow' },
      { level: 'WARN', message: 'claim.taken-over', messageId: 'm\n1' },
    ]);
  });

  it('is written at once, as metrics are: the process may be frozen right after', () => {
    const telemetry = makeTelemetry({
      functionName: 'sendFlow',
      stage: 'dev',
      level: 'INFO',
      clock: systemClock,
      trace: traceOfInvocation,
    });
    telemetry.count('first');
    expect(output).toMatch(/first.*\n$/);
    telemetry.info('second');
    expect(output).toMatch(/second.*\n$/);
    telemetry.measure('third', 1);
    expect(output).toMatch(/third.*\n$/);
    telemetry.error('fourth', new Error('x'));
    expect(output).toMatch(/fourth.*\n$/);
  });

  it('names the trace of its invocation, where Lambda has one', async () => {
    vi.stubEnv('_X_AMZN_TRACE_ID', 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=5ab;Sampled=1');
    const lines = await linesOf((telemetry) => {
      telemetry.info('traced');
      vi.stubEnv('_X_AMZN_TRACE_ID', 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=5ab;Sampled=0');
      telemetry.info('not sampled');
      vi.stubEnv('_X_AMZN_TRACE_ID', undefined);
      telemetry.info('not traced');
    });
    expect(lines.map((line) => line['xray_trace_id'])).toEqual([
      '1-5759e988-bd862e3fe1be46a994272793',
      undefined,
      undefined,
    ]);
  });

  it('is written from the configured level on', async () => {
    const lines = await linesOf((telemetry) => {
      telemetry.info('quiet');
      telemetry.warn('quiet');
      telemetry.error('loud', new Error('x'));
    }, 'ERROR');
    expect(lines).toMatchObject([{ message: 'loud' }]);
  });
});

describe('a fault in the log', () => {
  it('shows its kind and where it came from', async () => {
    const [line] = await linesOf((telemetry) => {
      telemetry.error('api.failed', thrown(new TypeError('x')), { route: 'r', correlationId: 'c' });
    });
    expect(line).toMatchObject({
      level: 'ERROR',
      message: 'api.failed',
      route: 'r',
      correlationId: 'c',
      fault: {
        kind: 'TypeError',
        at: expect.arrayContaining([expect.stringContaining('telemetry.test.ts')]),
      },
    });
  });

  it.each<[string, unknown]>([
    ['an error', new Error(`no number ${CANARY}`)],
    ['an error of several lines', new Error(`first\n    at ${CANARY} (payload:1:1)\nlast ${CANARY}`)],
    [
      'a refusal',
      new AppError('store-unavailable', `detail ${CANARY}`, { errors: [{ path: CANARY, message: CANARY }] }),
    ],
    ['its cause', new Error('x', { cause: new Error(CANARY, { cause: new Error(CANARY) }) })],
    ['a cause that is text', new Error('x', { cause: CANARY })],
    ['text', CANARY],
    ['an object', { message: CANARY, to: CANARY }],
    ['errors in one', new AggregateError([new Error(CANARY)], CANARY)],
    [
      'an error with fields of its own',
      Object.assign(new Error('x'), { input: CANARY, $response: { body: CANARY } }),
    ],
    ['nothing', undefined],
  ])('shows nothing of its message: %s', async (_, fault) => {
    await linesOf((telemetry) => telemetry.error('failed', fault));
    expect(output).toContain('failed');
    expect(output).not.toContain(CANARY);
  });

  it('shows its code, and what AWS reports about the request', async () => {
    const cause = Object.assign(new Error(CANARY), {
      name: 'ThrottlingException',
      code: 'ECONNRESET',
      $metadata: { httpStatusCode: 400, requestId: 'aws-1', attempts: 4 },
    });
    const [line] = await linesOf((telemetry) => {
      telemetry.error('failed', new AppError('store-unavailable', 'x', { cause }));
    });
    expect(line).toMatchObject({
      fault: {
        kind: 'AppError',
        code: 'store-unavailable',
        cause: { kind: 'ThrottlingException', code: 'ECONNRESET', httpStatus: 400, requestId: 'aws-1' },
      },
    });
  });

  it('ends even if its chain of causes does not', async () => {
    const fault = new Error('x');
    fault.cause = fault;
    await expect(linesOf((telemetry) => telemetry.error('failed', fault))).resolves.toHaveLength(1);
  });
});

describe('a metric', () => {
  it('is written to the log for CloudWatch to read', async () => {
    const [line] = await linesOf((telemetry) => telemetry.count('callback.inbound', 3));
    expect(line).toMatchObject({
      'callback.inbound': 3,
      _aws: { CloudWatchMetrics: [{ Namespace: 'LipaFlow' }] },
    });
  });

  it('belongs to the stack, whichever function counted it', async () => {
    const [line] = await linesOf((telemetry) => telemetry.count('message.sent'));
    expect(line).toMatchObject({
      service: 'lipaflow-dev',
      _aws: { CloudWatchMetrics: [{ Dimensions: [['service']] }] },
    });
  });

  it('shares its line with others of the same moment', async () => {
    const facts = new Map([
      ['message.sent', 2],
      ['message.read', 1],
    ]);
    const lines = await linesOf((telemetry) => {
      telemetry.counts(facts);
      telemetry.counts(new Map());
    });
    expect(lines).toMatchObject([
      {
        'message.sent': 2,
        'message.read': 1,
        _aws: {
          CloudWatchMetrics: [
            {
              Metrics: [
                { Name: 'message.sent', Unit: 'Count' },
                { Name: 'message.read', Unit: 'Count' },
              ],
            },
          ],
        },
      },
    ]);
  });

  it('of a duration is in milliseconds', async () => {
    const [line] = await linesOf((telemetry) => telemetry.measure('gateway.accepted', 52));
    expect(line).toMatchObject({
      'gateway.accepted': 52,
      _aws: { CloudWatchMetrics: [{ Metrics: [{ Name: 'gateway.accepted', Unit: 'Milliseconds' }] }] },
    });
  });

  it('counts one by default', async () => {
    expect(await linesOf((telemetry) => telemetry.count('x'))).toMatchObject([{ x: 1 }]);
  });
});
