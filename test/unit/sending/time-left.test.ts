/** An invocation that ends before a send could be finished: nothing is claimed, or the claim is given back. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { AppError } from '../../../src/lib/platform/errors.ts';
import { faultyLink } from '../../support/fakes/link.ts';
import { later, NOW, sampleMessage, sampleRequest, sampleSession } from '../../support/fakes/samples.ts';
import { makeWorld, type World } from '../../support/fakes/world.ts';

const OUT_OF_TIME = { code: 'store-unavailable', retryAfter: 1, detail: expect.stringContaining('time') };
const TEMPLATE = { whenClosed: 'template', template: { name: 'hello', languageCode: 'en' } } as const;
const MODES = ['resend', 'hold'] as const;

let world: World;
beforeEach(() => start('resend'));

async function start(mode: (typeof MODES)[number]): Promise<void> {
  world = makeWorld({ mode });
  await world.sessions.create(sampleSession());
}

const problem = (send: Promise<unknown>) =>
  send.then(
    () => undefined,
    (e: unknown) => e as AppError,
  );
const until = (ms: number) => ({ deadlineAt: new Date(NOW.getTime() + ms) });

describe('too little time for a whole send', () => {
  it.each([-1_000, 0, 1, 5, 500, 2_999])('claims nothing: %i ms', async (ms) => {
    const { send } = world.process('p');
    expect(await problem(send(until(ms)))).toMatchObject(OUT_OF_TIME);
    expect(await problem(send({ ...until(ms), respondAsync: true }))).toMatchObject(OUT_OF_TIME);
    expect([world.gateway.calls, world.messages.all()]).toEqual([[], []]);
    expect(await send()).toMatchObject({ kind: 'sent', replayed: false });
  });

  it('takes over no claim that a crash left', async () => {
    const left = sampleMessage();
    await world.messages.create(left);
    world.clock.advance(61_000);
    const { send } = world.process('p');
    expect(await problem(send({ deadlineAt: later(1, world.clock.now()) }))).toMatchObject(OUT_OF_TIME);
    expect(world.onlyMessage()).toEqual(left);
  });

  it('is enough from 3 seconds on', async () => {
    expect(await world.process('p').send(until(3_000))).toMatchObject({ kind: 'sent' });
  });
});

describe.each(MODES)('time that runs out after the claim, with %s', (mode) => {
  beforeEach(() => start(mode));

  /** The claim is written, and its acknowledgement arrives when this much is left. */
  const claimedWithLeft = (ms: number) => {
    const faults = faultyLink();
    faults.fail('create', 'slow', { meanwhile: () => world.clock.moveTo(later(29 - ms / 1000)) });
    return world.process('slow', { link: faults.link });
  };

  it.each([-2_000, 0, 5, 1_499])('gives the claim back: %i ms left', async (ms) => {
    expect(await problem(claimedWithLeft(ms).send())).toMatchObject(OUT_OF_TIME);
    expect([world.gateway.calls, world.messages.all()]).toEqual([[], []]);
    expect(await world.process('next').send()).toMatchObject({ kind: 'sent', replayed: false });
    expect(world.gateway.deliveries).toHaveLength(1);
  });

  it('sends if there is time for a call and its settle', async () => {
    expect(await claimedWithLeft(1_500).send()).toMatchObject({ kind: 'sent' });
  });

  it('gives the claim back after the apiKey or the mark was late, too', async () => {
    const faults = faultyLink();
    faults.fail('replace', 'slow', { meanwhile: () => world.clock.moveTo(later(28)) });
    const slow = world.process('slow', { link: faults.link });
    const outcome = await slow.send().catch((e: unknown) => e as AppError);
    if (mode === 'resend') return expect(outcome).toMatchObject({ kind: 'sent' });
    expect(outcome).toMatchObject(OUT_OF_TIME);
    expect([world.gateway.calls, world.messages.all()]).toEqual([[], []]);
  });

  it('puts an accepted message back into the queue', async () => {
    const { send, work } = world.process('p');
    await send({ respondAsync: true });
    const faults = faultyLink();
    // The worker's own deadline is a minute away.
    faults.fail('replace', 'slow', { meanwhile: () => world.clock.moveTo(later(59)) });
    await world.process('worker', { link: faults.link }).work(sampleRequest().messageId);
    expect(world.onlyMessage()).toMatchObject({ status: 'queued', tries: 1 });
    expect(world.onlyMessage()).not.toHaveProperty('lease.owner');
    world.clock.advance(30_000);
    await work(sampleRequest().messageId);
    expect(world.gateway.deliveries).toHaveLength(1);
  });
});

describe('a template message without time for it', () => {
  it('stays pending, and the sweeper sends it', async () => {
    world = makeWorld();
    const faults = faultyLink();
    faults.fail('create', 'slow', { meanwhile: () => world.clock.moveTo(later(25)) });
    const slow = world.process('slow', { link: faults.link });
    await slow.send({ request: sampleRequest({ ...TEMPLATE, parkForSeconds: 3_600 }) });
    expect(world.gateway.templateCalls).toEqual([]);
    expect(world.onlyMessage()).toMatchObject({ status: 'parked', templateMessage: { state: 'pending' } });
    expect(world.onlyMessage()?.templateMessage).not.toHaveProperty('tries');
    world.clock.advance(76_000);
    await world.process('sweeper').sweep();
    expect(world.gateway.templateCalls).toHaveLength(1);
    expect(world.onlyMessage()).toMatchObject({ templateMessage: { state: 'sent' } });
  });
});
