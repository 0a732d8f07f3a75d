/**
 * Two brands, two accounts, one process. Whatever is done with one brand's key, the other brand sees the same values and
 * faults, and causes the same reads, as if the first did not exist.
 */
import { Readable } from 'node:stream';
import { SSMClient } from '@aws-sdk/client-ssm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createParameters, type SsmInput } from '../../../local/aws/parameters.ts';
import { makeApiKeys, ownKeyParameter } from '../../../src/lib/lipachat/api-keys.ts';
import { makeSecret } from '../../../src/lib/platform/secrets.ts';
import type { PhoneNumber } from '../../../src/lib/whatsapp/phone.ts';
import { manualClock } from '../../support/fakes/clock.ts';
import { BUSINESS, NOW, OTHER_BRAND } from '../../support/fakes/samples.ts';
import { fakeTelemetry } from '../../support/fakes/telemetry.ts';
import { runs } from '../../support/property-runs.ts';

const HOSTILE = '254110090766' as PhoneNumber;
const SHARED = '/lipaflow/test/lipachat/api-key';
const parameterOf = (number: PhoneNumber): string =>
  number === BUSINESS ? SHARED : ownKeyParameter('test', number);

type Step =
  | { readonly by: PhoneNumber; readonly does: 'get' | 'refuse' | 'get 5 times' }
  | { readonly by: PhoneNumber; readonly does: 'set'; readonly value: string }
  | { readonly by: PhoneNumber; readonly does: 'break'; readonly fault: string | undefined }
  | { readonly by?: never; readonly does: 'wait'; readonly seconds: number };

const stepsOf = (by: PhoneNumber): fc.Arbitrary<Step> =>
  fc.oneof(
    fc.record({ by: fc.constant(by), does: fc.constantFrom('get', 'refuse', 'get 5 times') }),
    fc.record({
      by: fc.constant(by),
      does: fc.constant('set'),
      value: fc.constantFrom('k1', 'k2', 'k3', ' '),
    }),
    fc.record({
      by: fc.constant(by),
      does: fc.constant('break'),
      fault: fc.constantFrom(undefined, 'AccessDeniedException', 'ThrottlingException', 'ParameterNotFound'),
    }),
  );
const time: fc.Arbitrary<Step> = fc.record({
  does: fc.constant('wait'),
  seconds: fc.constantFrom(1, 9, 29, 30, 31, 300),
});
const script = (victim: PhoneNumber, other: PhoneNumber) =>
  fc.array(fc.oneof(stepsOf(victim), stepsOf(other), time), { minLength: 5, maxLength: 40 });

/** A parameter store in memory, behind the SDK's own client. */
function openStore() {
  const parameters = createParameters();
  const broken = new Map<string, string>();
  const reads: string[] = [];
  const handle = ({ body }: { readonly body: string }) => {
    const input = JSON.parse(body) as SsmInput;
    const name = input.Name ?? '';
    reads.push(name);
    const fault = broken.get(name);
    const answer = fault
      ? { status: 400, headers: {}, body: JSON.stringify({ __type: fault }) }
      : parameters.answer('GetParameter', input);
    const response = {
      statusCode: answer.status,
      headers: answer.headers,
      body: Readable.from([Buffer.from(answer.body)]),
    };
    return Promise.resolve({ response });
  };
  const client = new SSMClient({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
    requestHandler: { handle } as never,
  });
  return { client, parameters, broken, reads };
}

/** What the victim saw, in order, and how often its parameter was read. */
async function play(steps: readonly Step[], victim: PhoneNumber) {
  const { client, parameters, broken, reads } = openStore();
  const clock = manualClock(NOW);
  const secretOf = (business: PhoneNumber) =>
    makeSecret(
      { client, clock, telemetry: fakeTelemetry() },
      {
        parameter: parameterOf(business),
        cacheSeconds: 300,
        fault: { code: 'gateway-credentials', detail: 'Could not be read.' },
      },
    );
  const keys = makeApiKeys({
    shared: secretOf(BUSINESS),
    numbersWithOwnKey: [OTHER_BRAND, HOSTILE],
    ownKeyOf: secretOf,
  });
  const seen: string[] = [];
  const last = new Map<PhoneNumber, string>();
  const ask = async (by: PhoneNumber, call: () => Promise<string>) => {
    const value = await call().catch((fault: { code: string }) => fault.code);
    last.set(by, value);
    if (by === victim) seen.push(value);
  };
  const take = (step: Step): unknown => {
    if (step.does === 'wait') return clock.advance(step.seconds * 1000);
    const { by } = step;
    const secret = keys.of(by);
    switch (step.does) {
      case 'get':
        return ask(by, secret.get);
      case 'get 5 times':
        return Promise.all(Array.from({ length: 5 }, () => ask(by, secret.get)));
      case 'refuse':
        return ask(by, () => secret.newerThan(last.get(by) ?? ''));
      case 'set':
        return parameters.set(parameterOf(by), step.value);
      case 'break':
        return step.fault ? broken.set(parameterOf(by), step.fault) : broken.delete(parameterOf(by));
    }
  };
  for (const step of steps) await take(step);
  return { seen, reads: reads.filter((name) => name === parameterOf(victim)), all: reads };
}

describe('the key of one brand', () => {
  it.each([
    ['a number with its own account, beside another such', OTHER_BRAND, HOSTILE],
    ['a number with the stage’s key, beside one with its own', BUSINESS, HOSTILE],
    ['a number with its own account, beside all with the stage’s key', OTHER_BRAND, BUSINESS],
  ])('is untouched by what is done with another’s: %s', async (_, victim, other) => {
    await fc.assert(
      fc.asyncProperty(script(victim, other), async (steps) => {
        const beside = await play(steps, victim);
        const alone = await play(
          steps.filter(({ by }) => by !== other),
          victim,
        );
        expect([beside.seen, beside.reads]).toEqual([alone.seen, alone.reads]);
      }),
      { numRuns: runs(60) },
    );
  });

  it('is read a bounded number of times, however often it is asked for and refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepsOf(HOSTILE), { maxLength: 60 }), async (steps) => {
        // No time passes: one first read, one forced one, and those whose fault a repeat may mend.
        const lasting = steps.filter((step) => !('fault' in step && step.fault === 'ThrottlingException'));
        expect((await play(lasting, HOSTILE)).all.length).toBeLessThanOrEqual(2);
      }),
      { numRuns: runs(60) },
    );
  });
});
