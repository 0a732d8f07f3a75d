import { SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Aws, startAws } from '../../../local/aws.ts';
import type { FaultSpec } from '../../../local/aws-faults.ts';
import type { Secret } from '../../../src/lib/platform/ports.ts';
import { makeSecret } from '../../../src/lib/platform/secrets.ts';
import { type ManualClock, manualClock } from '../../support/fakes/clock.ts';
import { NOW } from '../../support/fakes/samples.ts';
import { type FakeTelemetry, fakeTelemetry } from '../../support/fakes/telemetry.ts';
import { callJson } from '../../support/json-http.ts';

const NAME = '/lipaflow/test/api-key';
const CACHE_S = 300;

let aws: Aws;
let ssm: SSMClient;
let clock: ManualClock;
let telemetry: FakeTelemetry;
let secret: Secret;

const fault = (spec: FaultSpec) => callJson('PUT', `${aws.url}/__aws/faults`, spec);
const noFaults = () => callJson('DELETE', `${aws.url}/__aws/faults`);
const reads = async () =>
  (await callJson<Record<string, number>>('GET', `${aws.url}/__aws/requests`))['GetParameter'] ?? 0;

beforeAll(async () => {
  aws = await startAws({ port: 0, tableName: 'secrets', parameters: {} });
});
afterAll(() => aws.close());

beforeEach(async () => {
  await callJson('POST', `${aws.url}/__aws/reset`);
  aws.setParameter(NAME, 'first');
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  // One try a read: the SDK's own would only be counted beside ours.
  ssm = new SSMClient({ endpoint: aws.url, region: 'eu-west-1', credentials, maxAttempts: 1 });
  clock = manualClock(NOW);
  telemetry = fakeTelemetry();
  secret = cold(NAME);
});
afterEach(() => ssm.destroy());

/** A process that has read nothing yet. */
const cold = (parameter: string, cacheSeconds = CACHE_S): Secret =>
  makeSecret(
    { client: ssm, clock, telemetry },
    { parameter, cacheSeconds, fault: { code: 'gateway-credentials', detail: 'Could not be read.' } },
  );

const advance = (seconds: number) => clock.advance(seconds * 1000);

describe('a secret', () => {
  it('is read decrypted', async () => {
    expect(await secret.get()).toBe('first');
  });

  it('is read once while it is fresh', async () => {
    await secret.get();
    aws.setParameter(NAME, 'second');
    advance(CACHE_S - 1);
    expect(await secret.get()).toBe('first');
    expect(await reads()).toBe(1);
  });

  it('is read again once it is not', async () => {
    await secret.get();
    aws.setParameter(NAME, 'second');
    advance(CACHE_S);
    expect(await secret.get()).toBe('second');
  });

  it('is read every time where nothing is cached', async () => {
    const uncached = cold(NAME, 0);
    await uncached.get();
    aws.setParameter(NAME, 'second');
    expect(await uncached.get()).toBe('second');
  });

  it('is read once for fifty who ask at the same time', async () => {
    const values = await Promise.all(Array.from({ length: 50 }, () => secret.get()));
    expect(new Set(values)).toEqual(new Set(['first']));
    expect(await reads()).toBe(1);
  });
});

describe('a secret that was refused', () => {
  it('is read again at once, however fresh it is', async () => {
    const refused = await secret.get();
    aws.setParameter(NAME, 'second');
    expect(await secret.newerThan(refused)).toBe('second');
    expect(await secret.get()).toBe('second');
    expect(await reads()).toBe(2);
  });

  it('is not read again where a newer one is known already', async () => {
    const refused = await secret.get();
    aws.setParameter(NAME, 'second');
    await secret.newerThan(refused);
    expect(await secret.newerThan(refused)).toBe('second');
    expect(await reads()).toBe(2);
  });

  it('is read once for fifty who were refused at the same time', async () => {
    const refused = await secret.get();
    aws.setParameter(NAME, 'second');
    const values = await Promise.all(Array.from({ length: 50 }, () => secret.newerThan(refused)));
    expect(new Set(values)).toEqual(new Set(['second']));
    expect(await reads()).toBe(2);
  });

  it('is read at most once in thirty seconds, while nobody has changed it', async () => {
    const refused = await secret.get();
    for (const seconds of [0, 1, 10, 18]) {
      advance(seconds);
      expect(await secret.newerThan(refused)).toBe('first');
    }
    expect(await reads()).toBe(2);
    advance(1);
    await secret.newerThan(refused);
    expect(await reads()).toBe(3);
  });

  it('is read at most once in thirty seconds, also where one wrong value follows another', async () => {
    const first = await secret.get();
    aws.setParameter(NAME, 'second');
    const second = await secret.newerThan(first);
    aws.setParameter(NAME, 'third');
    expect(await secret.newerThan(second)).toBe('second');
    expect(await reads()).toBe(2);
    advance(30);
    expect(await secret.newerThan(second)).toBe('third');
  });
});

describe('while the parameter store is down', () => {
  it.each(['throttle', 'unavailable', 'reset'] as const)('a stale secret serves on: %s', async (kind) => {
    await secret.get();
    advance(CACHE_S);
    await fault({ target: 'GetParameter', fault: kind, times: null });
    expect(await secret.get()).toBe('first');
    expect(telemetry.events('error')).toEqual(['parameter.unreadable']);
  });

  it('it is not asked again with every call, and soon again', async () => {
    await secret.get();
    advance(CACHE_S);
    await fault({ target: 'GetParameter', fault: 'unavailable', times: null });
    for (let n = 0; n < 5; n += 1) await secret.get();
    expect(await reads()).toBe(2);
    await noFaults();
    aws.setParameter(NAME, 'second');
    advance(30);
    expect(await secret.get()).toBe('second');
  });

  it('a refused secret stays what it was', async () => {
    const refused = await secret.get();
    await fault({ target: 'GetParameter', fault: 'unavailable', times: null });
    expect(await secret.newerThan(refused)).toBe('first');
  });

  it('a cold process fails, and says so in the words that its caller may see', async () => {
    await fault({ target: 'GetParameter', fault: 'unavailable', times: null });
    await expect(secret.get()).rejects.toMatchObject({
      code: 'gateway-credentials',
      detail: 'Could not be read.',
      retryAfter: expect.any(Number),
    });
  });

  it('fifty in a cold process fail over one read', async () => {
    await fault({ target: 'GetParameter', fault: 'unavailable', times: null });
    const ends = await Promise.allSettled(Array.from({ length: 50 }, () => secret.get()));
    expect(ends.every(({ status }) => status === 'rejected')).toBe(true);
    expect(await reads()).toBe(1);
  });

  it('a cold process recovers with the next call', async () => {
    await fault({ target: 'GetParameter', fault: 'unavailable' });
    await expect(secret.get()).rejects.toThrow();
    expect(await secret.get()).toBe('first');
  });

  it('a read that hangs is given up in seconds', async () => {
    await fault({ target: 'GetParameter', fault: 'hang', times: null });
    const begun = performance.now();
    await expect(secret.get()).rejects.toMatchObject({ code: 'gateway-credentials' });
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});

describe('a parameter that is no secret', () => {
  it('fails where it is not there', async () => {
    await expect(cold('/nowhere').get()).rejects.toMatchObject({ code: 'gateway-credentials' });
  });

  it('fails where it is empty', async () => {
    aws.setParameter('/empty', '');
    await expect(cold('/empty').get()).rejects.toMatchObject({ code: 'gateway-credentials' });
  });

  it('never shows a value to the log', async () => {
    aws.setParameter(NAME, 'canary-value');
    await secret.get();
    await fault({ target: 'GetParameter', fault: 'unavailable', times: null });
    advance(CACHE_S);
    await secret.get();
    expect(JSON.stringify(telemetry.lines)).not.toContain('canary');
  });
});
