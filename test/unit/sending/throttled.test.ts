/** A send that LipaChat throttles reports the reason: campaigns pause because of it. */
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../src/lib/messages/outcome.ts';
import { classOf } from '../../../src/lib/whatsapp/error-codes.ts';
import { sampleRequest, sampleSession } from '../../support/fakes/samples.ts';
import { makeWorld } from '../../support/fakes/world.ts';

const refusal = (code: number): Outcome => ({
  kind: 'rejected',
  message: `(#${code}) Oh`,
  errorClass: classOf(code),
  duplicate: false,
  envelope: null,
});

describe('a template message that could not be sent', () => {
  const request = sampleRequest({
    whenClosed: 'template',
    template: { name: 'hello', languageCode: 'en' },
    parkForSeconds: 3_600,
  });

  async function setbackAfter(outcome: Outcome): Promise<unknown> {
    const world = makeWorld({ gatewayAttempts: 1 });
    world.gateway.nextTemplates(outcome);
    const result = await world.process('p').send({ request });
    expect(result.kind).toBe('pending');
    return result.kind === 'pending' ? result.throttleReason : result;
  }

  it.each<[string, Outcome, string | undefined]>([
    ['the number is stopped', refusal(131_031), 'stop-number'],
    ['the template is held', refusal(132_015), 'content-held'],
    ['the template is disabled', refusal(132_016), 'content-blocked'],
    ['the number sends too fast', { kind: 'throttled' }, 'wait'],
    ['the apiKey is refused', { kind: 'credentials' }, 'gateway-credentials'],
    ['the base URL is wrong', { kind: 'misconfigured', httpStatus: 404 }, 'gateway-misconfigured'],
    ['this one customer gets too many', { kind: 'throttled', pair: true }, undefined],
    ['the cause is unknown', refusal(131_000), undefined],
    ['LipaChat unavailable', { kind: 'notSent', reason: 'refused' }, undefined],
  ])('reports the class that asks for a pause when %s', async (_, outcome, throttleReason) => {
    expect(await setbackAfter(outcome)).toBe(throttleReason);
  });

  it('has no throttle reason when it was sent', async () => {
    const result = await makeWorld().process('p').send({ request });
    expect(result).not.toHaveProperty('throttleReason');
  });
});

describe('a flow that a person has to free', () => {
  it.each([
    [131_031, /^LipaChat is unreachable or can't send.*WhatsApp Manager\.$/],
    [132_015, /^WhatsApp is holding back this template.*It passes\./],
    [131_048, /^WhatsApp is holding back this template.*It does not pass\. Correct/],
    [130_429, /^LipaChat or WhatsApp is throttling messages\. Nothing was sent\.$/],
  ])('says so, and what to do: %i', async (code, detail) => {
    const world = makeWorld({ gatewayAttempts: 1 });
    await world.sessions.create(sampleSession());
    const outcome: Outcome = code === 130_429 ? { kind: 'throttled' } : refusal(code);
    world.gateway.next(outcome);
    await expect(world.process('p').send()).rejects.toMatchObject({ detail: expect.stringMatching(detail) });
  });
});

describe('a flow whose claim is given back', () => {
  it.each<[Outcome, string | undefined]>([
    [refusal(131_031), 'stop-number'],
    [refusal(132_069), 'content-held'],
    [refusal(132_068), 'content-blocked'],
    [refusal(131_000), 'cannot-tell'],
    [{ kind: 'throttled' }, 'wait'],
    [{ kind: 'throttled', pair: true }, 'pair-too-fast'],
    [{ kind: 'notSent', reason: 'refused' }, undefined],
  ])('reports the class of the response: %o', async (outcome, errorClass) => {
    const world = makeWorld({ gatewayAttempts: 1 });
    await world.sessions.create(sampleSession());
    world.gateway.next(outcome);
    await expect(world.process('p').send()).rejects.toMatchObject({ errorClass });
  });
});
