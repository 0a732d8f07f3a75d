/**
 * Parking by the claim, a customer who writes while their flow is being parked, and a template message with an unknown
 * outcome.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/lib/platform/errors.ts';
import { isOpen } from '../../../src/lib/whatsapp/session-window.ts';
import { faultyLink, straight } from '../../support/fakes/link.ts';
import { idOf, NOW, PAIR, sampleRequest, sampleSession } from '../../support/fakes/samples.ts';
import { makeWorld, type Process, type World } from '../../support/fakes/world.ts';

let world: World;
let p: Process;
beforeEach(() => {
  world = makeWorld();
  p = world.process('p');
});

const stored = () => world.messages.all()[0];
const isOpenNow = () => isOpen(world.sessions.all()[0], world.clock.now(), 60);
const writes = () =>
  p.handleCallbacks([
    { kind: 'inbound', id: 'in-1', pair: PAIR, writtenAt: undefined, said: ['hi'], reply: undefined },
  ]);

const waits = (whenClosed: 'park' | 'template' = 'park') =>
  sampleRequest({
    messageId: idOf('m-1'),
    whenClosed,
    ...(whenClosed === 'template' ? { template: { name: 'hello', languageCode: 'en' } } : {}),
  });
const problem = (send: Promise<unknown>) =>
  send.then(
    () => undefined,
    (e: unknown) => e,
  );

describe('a flow whose window is shut before its claim', () => {
  it('is parked by the claim, in one write and without a lease', async () => {
    const { link, calls } = faultyLink();
    const result = await world.process('q', { link }).send({ request: waits() });
    expect(result).toMatchObject({ kind: 'pending', receipt: { status: 'parked' } });
    expect([calls('create'), calls('replace')]).toEqual([1, 0]);
    expect(stored()).toMatchObject({
      status: 'parked',
      lease: undefined,
      epoch: 1,
      reason: 'the session window is closed',
      timeline: [{ at: NOW, status: 'parked', source: 'api' }],
    });
  });

  it('gets its template message from the request that claims it', async () => {
    await p.send({ request: waits('template') });
    expect(stored()).toMatchObject({ status: 'parked', templateMessage: { state: 'sent' } });
    expect(world.gateway.templates).toHaveLength(1);
  });

  it('sends no template message to a customer who opts out between the claim and the send', async () => {
    const late = world.process('late', {
      link: async (call, apply) => {
        const result = apply();
        if (call === 'keepAlias')
          await world.sessions.create({ pair: PAIR, consent: { optedOut: true, at: NOW } });
        return result;
      },
    });
    await late.send({ request: waits('template') });
    expect(world.gateway.templates).toEqual([]);
    expect(stored()?.templateMessage).toMatchObject({ state: 'pending' });
    world.clock.advance(76_000);
    await p.sweep();
    expect([stored()?.status, world.gateway.templates]).toEqual(['failed', []]);
  });

  it('does not count its template message as tried while the session can’t be read', async () => {
    world = makeWorld({ mode: 'hold' });
    let isKept = false;
    const late = world.process('late', {
      link: (call, apply) => {
        if (call === 'get' && isKept) return Promise.reject(new AppError('store-unavailable', 'down'));
        isKept ||= call === 'keepAlias';
        return straight(call, apply);
      },
    });
    await late.send({ request: waits('template') });
    expect([isKept, world.gateway.templates]).toEqual([true, []]);
    world.clock.advance(76_000);
    await world.process('p').sweep();
    expect(stored()?.templateMessage).toMatchObject({ state: 'sent' });
    expect(world.gateway.templates).toHaveLength(1);
  });

  it('is claimed once by concurrent requests, which all report it', async () => {
    const results = await Promise.all([1, 2, 3].map(() => p.send({ request: waits('template') })));
    for (const result of results) expect(result).toMatchObject({ receipt: { status: 'parked' } });
    expect(world.gateway.templates).toHaveLength(1);
  });

  it('leaves a messageId of another payload alone', async () => {
    await p.send({ request: waits() });
    const before = stored();
    const other = { ...waits(), text: 'another one' };
    expect(await problem(p.send({ request: other }))).toMatchObject({ code: 'message-id-reused' });
    expect(stored()).toEqual(before);
  });

  it.each(['session', 'hash'])(
    'is refused after an opt-out, stored as a %s, and its messageId is free',
    async (by) => {
      if (by === 'session') await p.consent.optOut(PAIR, { clientId: 'crm', correlationId: 'c-1' });
      else await world.erasedOptOuts.remember(PAIR, NOW);
      expect(await problem(p.send({ request: waits('template') }))).toMatchObject({
        code: 'recipient-opted-out',
      });
      expect([world.messages.all(), world.gateway.templates]).toEqual([[], []]);
    },
  );

  it('is not claimed when the window cannot be read, and a repeat is still answered', async () => {
    const faults = faultyLink();
    const q = world.process('q', { link: faults.link });
    faults.fail('get', 'before');
    expect(await problem(q.send({ request: waits() }))).toMatchObject({ code: 'store-unavailable' });
    expect(world.messages.all()).toEqual([]);
    await p.send({ request: waits() });
    faults.fail('get', 'before');
    expect(await q.send({ request: waits() })).toMatchObject({ receipt: { status: 'parked' } });
  });

  it('is parked even if the acknowledgement of its claim is lost, and its template message is sent', async () => {
    const faults = faultyLink();
    faults.fail('create', 'after');
    const lost = world.process('q', { link: faults.link }).send({ request: waits('template') });
    expect(await lost).toMatchObject({ receipt: { status: 'parked' } });
    world.clock.advance(1_000);
    expect(await p.send({ request: waits('template') })).toMatchObject({ receipt: { status: 'parked' } });
    expect(stored()).toMatchObject({ status: 'parked', templateMessage: { state: 'sent' } });
    expect(world.gateway.templates).toHaveLength(1);
  });

  it('is parked by its owner where only LipaChat reports the shut window', async () => {
    await world.sessions.create(sampleSession());
    world.gateway.next({ kind: 'sessionClosed' });
    await p.send({ request: waits() });
    expect(stored()).toMatchObject({
      status: 'parked',
      timeline: [
        { status: 'sending', source: 'api' },
        { status: 'parked', source: 'api' },
      ],
    });
  });
});

describe('a reply that crosses the parking of its flow', () => {
  it.each(['create', 'replace'])(
    'releases the flow at once, even though the webhook found nothing parked: %s',
    async (write) => {
      if (write === 'replace') {
        await world.sessions.create(sampleSession());
        world.gateway.next({ kind: 'sessionClosed' });
      }
      let crossed = false;
      const slow = world.process('slow', {
        link: async (call, apply) => {
          // The next write parks the message: the customer writes just before it.
          if (call === write && !crossed && !isOpenNow()) {
            crossed = true;
            world.clock.advance(1_000);
            await writes();
          }
          return apply();
        },
      });
      await slow.send({ request: waits() });
      expect(crossed).toBe(true);
      await p.workOff();
      expect(world.gateway.deliveries.map(({ messageId }) => messageId)).toEqual(['m-1']);
    },
  );
});

describe('a template message with an unknown outcome', () => {
  const request = sampleRequest({
    messageId: idOf('m-1'),
    whenClosed: 'template',
    template: { name: 'hello', languageCode: 'en' },
    parkForSeconds: 86_400,
  });
  const calls = () => world.gateway.templateCalls.length;

  async function sweepFor(minutes: number): Promise<void> {
    for (let n = 0; n < minutes; n += 1) {
      world.clock.advance(60_000);
      await p.sweep();
    }
  }

  it('is repeated within the resend horizon, and never after it', async () => {
    world.gateway.nextTemplates(...Array.from({ length: 60 }, () => 'lost' as const));
    await p.send({ request });
    await sweepFor(14);
    const within = calls();
    expect(within).toBeGreaterThan(2);
    await sweepFor(2);
    const atTheEnd = calls();
    await sweepFor(120);
    expect(calls()).toBe(atTheEnd);
    expect(stored()).toMatchObject({ status: 'parked', templateMessage: { state: 'unknown' } });
  });

  it('is unknown at once with outcomes on hold, and is never repeated', async () => {
    world = makeWorld({ mode: 'hold' });
    p = world.process('p');
    world.gateway.nextTemplates('lost');
    await p.send({ request });
    expect(stored()).toMatchObject({ status: 'parked', templateMessage: { state: 'unknown' } });
    await sweepFor(30);
    expect(calls()).toBe(1);
  });
});
