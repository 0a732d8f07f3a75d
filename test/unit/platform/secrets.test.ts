import { SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FaultSpec } from '../../../local/aws/faults.ts';
import { type Aws, startAws } from '../../../local/aws/server.ts';
import { isMissingParameter } from '../../../src/lib/platform/errors.ts';
import type { Secret } from '../../../src/lib/platform/ports.ts';
import { makeSecret } from '../../../src/lib/platform/secrets.ts';
import { type ManualClock, manualClock } from '../../support/fakes/clock.ts';
import { NOW } from '../../support/fakes/samples.ts';
import { type FakeTelemetry, fakeTelemetry } from '../../support/fakes/telemetry.ts';
import { callJson } from '../../support/json-http.ts';
import { ownTime } from '../../support/patience.ts';

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
  // One attempt a read: the SDK's own retries would only be counted beside ours.
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

  it('is read again once it is stale', async () => {
    await secret.get();
    aws.setParameter(NAME, 'second');
    advance(CACHE_S);
    expect(await secret.get()).toBe('second');
  });

  it('is read every time when nothing is cached', async () => {
    const uncached = cold(NAME, 0);
    await uncached.get();
    aws.setParameter(NAME, 'second');
    expect(await uncached.get()).toBe('second');
  });

  it('is read once for fifty concurrent callers', async () => {
    const values = await Promise.all(Array.from({ length: 50 }, () => secret.get()));
    expect(new Set(values)).toEqual(new Set(['first']));
    expect(await reads()).toBe(1);
  });
});

describe('a request that was begun before a freeze', () => {
  const lost = () => fault({ target: 'GetParameter', fault: 'hang' });

  it('is not shared: the next caller begins another', async () => {
    await lost();
    const before = secret.get();
    advance(1);
    expect(await secret.get()).toBe('first');
    expect(await reads()).toBe(2);
    // Its own caller gets what is known by now.
    expect(await before).toBe('first');
  });

  it('is shared by the callers of the same invocation', async () => {
    await fault({ target: 'GetParameter', fault: 'delay', ms: 50 });
    const first = secret.get();
    clock.advance(100);
    expect(await secret.get()).toBe('first');
    await first;
    expect(await reads()).toBe(1);
  });

  it('is not shared by a caller that was refused either', async () => {
    const refused = await secret.get();
    aws.setParameter(NAME, 'second');
    await lost();
    const before = secret.newerThan(refused);
    advance(31);
    expect(await secret.newerThan(refused)).toBe('second');
    await before;
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

  it('is not read again when a newer one is already known', async () => {
    const refused = await secret.get();
    aws.setParameter(NAME, 'second');
    await secret.newerThan(refused);
    expect(await secret.newerThan(refused)).toBe('second');
    expect(await reads()).toBe(2);
  });

  it('is read once for fifty callers who were refused at the same time', async () => {
    const refused = await secret.get();
    aws.setParameter(NAME, 'second');
    const values = await Promise.all(Array.from({ length: 50 }, () => secret.newerThan(refused)));
    expect(new Set(values)).toEqual(new Set(['second']));
    expect(await reads()).toBe(2);
  });

  it('is read at most once in thirty seconds while it is unchanged', async () => {
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

  it('is read at most once in thirty seconds even if one wrong value follows another', async () => {
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
  it.each(['throttle', 'unavailable', 'reset'] as const)('a stale secret stays in use: %s', async (kind) => {
    await secret.get();
    advance(CACHE_S);
    await fault({ target: 'GetParameter', fault: kind, times: null });
    expect(await secret.get()).toBe('first');
    expect(telemetry.events('error')).toEqual(['parameter.unreadable']);
  });

  it('it is not asked on every call, but is asked again soon', async () => {
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

  it('a refused secret stays the same', async () => {
    const refused = await secret.get();
    await fault({ target: 'GetParameter', fault: 'unavailable', times: null });
    expect(await secret.newerThan(refused)).toBe('first');
  });

  it('a cold process fails with a message that its caller may see', async () => {
    await fault({ target: 'GetParameter', fault: 'unavailable', times: null });
    await expect(secret.get()).rejects.toMatchObject({
      code: 'gateway-credentials',
      detail: 'Could not be read.',
      retryAfter: expect.any(Number),
    });
  });

  it('fifty callers in a cold process fail with a single read', async () => {
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

  it('a read that hangs is abandoned within seconds', async () => {
    await fault({ target: 'GetParameter', fault: 'hang', times: null });
    const { ownMs } = await ownTime(() =>
      expect(secret.get()).rejects.toMatchObject({ code: 'gateway-credentials' }),
    );
    expect(ownMs).toBeLessThan(5_000);
  });
});

describe('a parameter that holds no secret', () => {
  it('fails when it does not exist', async () => {
    await expect(cold('/nowhere').get()).rejects.toMatchObject({ code: 'gateway-credentials' });
  });

  it('fails when it is empty', async () => {
    aws.setParameter('/empty', '');
    await expect(cold('/empty').get()).rejects.toMatchObject({ code: 'gateway-credentials' });
  });

  it.each<[string, string, () => Promise<unknown> | undefined]>([
    ['does not exist', '/own-1', () => undefined],
    ['is empty', '/own-2', () => Promise.resolve(aws.setParameter('/own-2', ' '))],
    ['may not be read', '/own-3', () => fault({ target: 'GetParameter', fault: 'denied' })],
  ])('is asked for once in thirty seconds, however many callers want it: it %s', async (_, name, arrange) => {
    await arrange();
    const own = cold(name);
    for (let n = 0; n < 50; n += 1) await expect(own.get()).rejects.toMatchObject({ retryAfter: 5 });
    expect(await reads()).toBe(1);
    aws.setParameter(name, 'own');
    advance(29);
    await expect(own.get()).rejects.toMatchObject({ code: 'gateway-credentials' });
    advance(1);
    expect(await own.get()).toBe('own');
    expect(await reads()).toBe(2);
  });

  it('stays missing through a fault that passes', async () => {
    const missing = cold('/not/there');
    await expect(missing.get()).rejects.toSatisfy(isMissingParameter);
    advance(31);
    await fault({ target: 'GetParameter', fault: 'unavailable', times: null });
    await expect(missing.get()).rejects.toSatisfy(isMissingParameter);
    await noFaults();
    aws.setParameter('/not/there', 'now');
    advance(11);
    expect(await missing.get()).toBe('now');
  });

  it('is asked for again by the next caller where nothing may be cached', async () => {
    const uncached = cold('/uncached', 0);
    await expect(uncached.get()).rejects.toThrow();
    aws.setParameter('/uncached', 'own');
    expect(await uncached.get()).toBe('own');
  });

  it('is logged without the business number in its name', async () => {
    await expect(cold('/lipaflow/prod/lipachat/numbers/254110090747/api-key').get()).rejects.toThrow();
    expect(telemetry.lines).toMatchObject([
      { fields: { parameter: '/lipaflow/prod/lipachat/numbers/…/api-key' } },
    ]);
    expect(JSON.stringify(telemetry.lines)).not.toContain('254110090747');
  });

  it('is logged without any value', async () => {
    aws.setParameter(NAME, 'canary-value');
    await secret.get();
    await fault({ target: 'GetParameter', fault: 'unavailable', times: null });
    advance(CACHE_S);
    await secret.get();
    expect(JSON.stringify(telemetry.lines)).not.toContain('canary');
  });
});
