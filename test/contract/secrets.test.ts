/** A secret: the fake, and the adapter on the parameter store's stand-in. */
import { SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAws } from '../../local/aws/server.ts';
import { AppError } from '../../src/lib/platform/errors.ts';
import type { Secret } from '../../src/lib/platform/ports.ts';
import { makeSecret } from '../../src/lib/platform/secrets.ts';
import { type ManualClock, manualClock } from '../support/fakes/clock.ts';
import { NOW } from '../support/fakes/samples.ts';
import { fakeSecret } from '../support/fakes/secret.ts';
import { fakeTelemetry } from '../support/fakes/telemetry.ts';
import { callJson } from '../support/json-http.ts';

const NAME = '/lipaflow/test/api-key';
const FAULT = { code: 'gateway-credentials', detail: 'Could not be read.' } as const;

interface Parameter {
  readonly clock: ManualClock;
  /** In a process that has read it. The cache stays fresh for the whole test. */
  readonly secret: Secret;
  /** In a process that has never read it and cannot. */
  readonly unreadable: Secret;
  /** Changes the value, as an operator would. */
  rotate(value: string): void;
  /** The number of reads from the store since the first one. */
  reads(): Promise<number>;
  close(): Promise<void>;
}

function openFake(): Promise<Parameter> {
  const clock = manualClock(NOW);
  const secret = fakeSecret('first', clock);
  const unreadable = fakeSecret('unread', clock);
  unreadable.breakWith(new AppError(FAULT.code, FAULT.detail, { retryAfter: 5 }));
  return Promise.resolve({
    clock,
    secret,
    unreadable,
    rotate: secret.rotate,
    reads: () => Promise.resolve(secret.refreshes),
    close: () => Promise.resolve(),
  });
}

async function openSsm(): Promise<Parameter> {
  const aws = await startAws({ port: 0, tableName: 'secrets', parameters: { [NAME]: 'first' } });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SSMClient({ endpoint: aws.url, region: 'eu-west-1', credentials, maxAttempts: 1 });
  const clock = manualClock(NOW);
  const open = (parameter: string) =>
    makeSecret(
      { client, clock, telemetry: fakeTelemetry() },
      { parameter, cacheSeconds: 3_600, fault: FAULT },
    );
  const secret = open(NAME);
  await secret.get();
  await callJson('POST', `${aws.url}/__aws/reset`);
  return {
    clock,
    secret,
    unreadable: open('/nowhere'),
    rotate: (value) => aws.setParameter(NAME, value),
    reads: async () =>
      (await callJson<Record<string, number>>('GET', `${aws.url}/__aws/requests`))['GetParameter'] ?? 0,
    async close() {
      client.destroy();
      await aws.close();
    },
  };
}

describe.each([
  { name: 'the fake', open: openFake },
  { name: 'the parameter store’s stand-in', open: openSsm },
])('a secret on $name', ({ open }) => {
  let parameter: Parameter;
  let secret: Secret;
  beforeEach(async () => {
    parameter = await open();
    ({ secret } = parameter);
  });
  afterEach(() => parameter.close());

  it('is read from the cache even if the store has another value', async () => {
    parameter.rotate('second');
    expect(await secret.get()).toBe('first');
    expect(await parameter.reads()).toBe(0);
  });

  it.each(['second\n', '\r\n second\t', '\ufeffsecond '])(
    'has no white space around it: %j',
    async (stored) => {
      parameter.rotate(stored);
      expect(await secret.newerThan('first')).toBe('second');
    },
  );

  it('that was refused is read again, and cached', async () => {
    parameter.rotate('second');
    expect(await secret.newerThan('first')).toBe('second');
    expect(await secret.get()).toBe('second');
    expect(await parameter.reads()).toBe(1);
  });

  it('that was refused is not read again when another request has already refreshed it', async () => {
    parameter.rotate('second');
    await secret.newerThan('first');
    parameter.rotate('third');
    expect(await secret.newerThan('first')).toBe('second');
    expect(await parameter.reads()).toBe(1);
  });

  it('that is refused repeatedly is read once in thirty seconds', async () => {
    expect(await secret.newerThan('first')).toBe('first');
    parameter.rotate('second');
    parameter.clock.advance(29_999);
    expect(await secret.newerThan('first')).toBe('first');
    expect(await parameter.reads()).toBe(1);
    parameter.clock.advance(1);
    expect(await secret.newerThan('first')).toBe('second');
    expect(await parameter.reads()).toBe(2);
  });

  it('that was never read and cannot be read throws with a message that a caller may see', async () => {
    for (const call of [() => parameter.unreadable.get(), () => parameter.unreadable.newerThan('first')]) {
      await expect(call()).rejects.toMatchObject({ ...FAULT, retryAfter: 5 });
    }
  });
});
