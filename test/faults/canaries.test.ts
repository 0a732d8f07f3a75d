import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foundIn } from '../support/fleet/canaries.ts';
import { clock, type Fleet, startFleet, sweep } from '../support/fleet/fleet.ts';
import { processOf, unlessKilled } from '../support/fleet/steps.ts';

let fleet: Fleet;

// At the most verbose level, so that every log line is written.
beforeAll(async () => {
  fleet = await startFleet({
    ownProcesses: true,
    settings: { LOG_LEVEL: 'DEBUG', GATEWAY_DEADLINE_MS: '700' },
  });
});
afterAll(() => fleet.stop());

const OUTCOMES = [
  'accept-then-reset',
  'accept-then-silence',
  'cut-body',
  'html-502',
  'server-error',
  'invalid-credentials',
  'session-closed',
  'throttle',
  'success-without-data',
  'gzip-bomb',
  'reset-before-accept',
] as const;

const STORE_FAULTS = ['throttle', 'unavailable', 'reset', 'apply-then-reset'] as const;

const postCallback = (secret: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${fleet.url}/v1/webhooks/lipachat/${secret}`, { method: 'POST', headers, body });

describe('canary values in place of secrets and numbers', () => {
  it('are detected in any spelling', () => {
    const { apiKey, webhookSecret, numbers } = fleet.canaries;
    const [number = ''] = numbers;
    const waId = `wamid.${Buffer.from(`\x1c\x18\x0c${number}\x15\x02`, 'latin1').toString('base64')}`;
    expect(foundIn(`{"key":"${apiKey}"}`, [apiKey, webhookSecret])).toEqual([apiKey]);
    expect(foundIn(`waId=${waId}`, numbers)).toEqual([number]);
    expect(foundIn('nothing of theirs', [...fleet.canaries.secrets, ...numbers])).toEqual([]);
  });

  it('do not leak through any outcome of LipaChat', async () => {
    for (const kind of OUTCOMES) {
      const flow = fleet.flow({ to: await fleet.newCustomer() });
      await fleet.lipachat.fail({ kind }, { messageId: flow.messageId, times: null });
      await fleet.send(flow);
      await fleet.lipachat.mend();
      await fleet.send(flow);
      await fleet.message(flow.messageId);
    }
    expect(await fleet.leaks()).toEqual([]);
  });

  it('reach neither the caller nor the logs when LipaChat itself repeats a number in its refusal', async () => {
    const flow = fleet.flow();
    const message = `Recipient +${flow.to} is not on WhatsApp, ${fleet.business} cannot reach it`;
    await fleet.lipachat.fail({ kind: 'reject', message }, { messageId: flow.messageId });
    const { text, json } = await fleet.send(flow);
    expect(json.detail).toMatch(/^Recipient … is not on WhatsApp, … cannot reach it\./);
    expect([text.includes(flow.to), text.includes(fleet.business)]).toEqual([false, false]);
    const stored = await fleet.table.message(flow.messageId);
    expect(JSON.stringify([stored?.['answer'], stored?.['reason'], stored?.['timeline']])).not.toContain(
      flow.to,
    );
    expect(await fleet.leaks()).toEqual([]);
  });

  it('do not leak while the store fails at each of its calls', async () => {
    for (const fault of STORE_FAULTS) {
      for (const nth of [1, 2, 3]) {
        await fleet.aws.addFaults({ target: '*', fault, nth, times: 6 });
        const flow = fleet.flow();
        await fleet.send(flow);
        await fleet.message(flow.messageId);
        await fleet.call('GET', `/v1/sessions/${flow.from}/${flow.to}`);
        await fleet.lipachat.writeIn(flow.to, { to: flow.from });
        await fleet.aws.reset();
      }
    }
    expect(await fleet.leaks()).toEqual([]);
  });

  it('do not leak when requests are refused', async () => {
    const { apiKey, webhookSecret } = fleet.canaries;
    const spoilt = { ...fleet.flow(), to: `${fleet.customer}x`, [apiKey]: webhookSecret };
    // A caller may see their own input again. The logs must not contain it.
    const refused = await fetch(`${fleet.url}/v1/flows`, {
      method: 'POST',
      headers: { authorization: `Bearer ${fleet.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(spoilt),
    });
    expect(refused.status).toBe(400);
    const token = fleet.canaries.secret('token-unknown');
    expect((await fleet.send(fleet.flow(), { token })).status).toBe(403);
    expect((await fleet.call('GET', `/v1/messages/${fleet.customer}`)).status).toBe(404);
    expect(await fleet.leaks()).toEqual([]);
  });

  it('do not leak from the webhook, before or after its authentication', async () => {
    const { webhookSecret } = fleet;
    const inbound = { messageId: 'x', from: fleet.customer, to: fleet.business, profileName: 'Wanjiku' };
    const bodies = [
      '{',
      JSON.stringify({ ...inbound, type: 'TEXT', text: `my number is ${fleet.customer}` }),
      JSON.stringify({ ...inbound, type: 'HOLOGRAM', hologram: fleet.customer }),
      JSON.stringify({ event: 'MESSAGE_STATUS', messageStatus: { waId: 'wamid.X', status: 'FAILED' } }),
      JSON.stringify([{ ...inbound, type: 'system' }, { entry: [{ changes: [] }] }]),
    ];
    for (const body of bodies) {
      await postCallback(webhookSecret, body, { 'x-hub-signature-256': 'sha256=00' });
      await postCallback(webhookSecret.slice(1), body);
      await postCallback(`${webhookSecret}0`, body);
    }
    expect(await fleet.leaks()).toEqual([]);
  });

  it('do not leak while the parameter store fails in a starting process', async () => {
    await fleet.aws.addFaults({ target: 'GetParameter', fault: 'unavailable', times: null });
    await fleet.replace('webhook', {});
    expect((await postCallback(fleet.webhookSecret, '[]')).status).toBe(200);
    const cold = await fleet.spawn('sendFlow');
    expect((await fleet.sendThrough(cold, fleet.flow())).status).toBe(503);
    await fleet.aws.reset();
    expect(await fleet.leaks()).toEqual([]);
  });

  it('do not leak from a direct invocation, a sweep, or a function that times out', async () => {
    const sender = processOf(fleet, 'sendFlow');
    await sender.invoke(fleet.flow());
    await sender.invoke({ ...fleet.flow(), text: 7 });
    const flow = fleet.flow();
    await fleet.lipachat.fail({ kind: 'slow', delayMs: 500 }, { messageId: flow.messageId });
    await unlessKilled(sender.invoke(flow, { timeoutMs: 100 }));
    const sweeper = await fleet.spawn('sweeper', clock({ ahead: 90_000 }));
    await sweep(sweeper);
    expect(await fleet.leaks()).toEqual([]);
  });

  it('do not leak when a setting is invalid', async () => {
    const { apiKey } = fleet;
    const address = `https://user:${apiKey}@gateway.lipachat.com/api/v1`;
    const failed = await fleet.spawn('sendFlow', { LIPACHAT_BASE_URL: address }).then(
      () => 'it started',
      (error: Error) => error.message,
    );
    expect(failed).toContain('LIPACHAT_BASE_URL');
    expect(foundIn(failed, [apiKey])).toEqual([]);
    const number = `${fleet.customer} or so`;
    const refused = await fleet.spawn('sendFlow', { DEFAULT_FROM: number }).then(
      () => 'it started',
      (error: Error) => error.message,
    );
    expect(refused).toContain('DEFAULT_FROM');
    expect(foundIn(refused, [fleet.customer])).toEqual([]);
  });

  it('are in no bundle', () => {
    const directory = new URL('../../dist/', import.meta.url);
    const { secrets, numbers } = fleet.canaries;
    const bundles = readdirSync(directory).filter((file) => file.endsWith('.cjs'));
    expect(bundles).toContain('sendFlow.cjs');
    for (const name of bundles) {
      const text = readFileSync(new URL(name, directory), 'latin1');
      expect(foundIn(text, [...secrets, ...numbers, '254110090747', '254717746565'])).toEqual([]);
    }
  });
});
