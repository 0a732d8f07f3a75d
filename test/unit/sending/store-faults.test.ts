/** A store that fails before a write, after it, or while somebody else writes: nothing is stranded or sent twice. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { AppError } from '../../../src/lib/platform/errors.ts';
import { faultyLink } from '../../support/fakes/link.ts';
import { later, sampleRequest, sampleSession } from '../../support/fakes/samples.ts';
import { makeWorld, type Process, type World } from '../../support/fakes/world.ts';

const ID = sampleRequest().messageId;

let world: World;
let faults: ReturnType<typeof faultyLink>;
let caller: Process;
beforeEach(async () => {
  await start('resend');
});

async function start(mode: 'resend' | 'hold'): Promise<void> {
  world = makeWorld({ mode });
  faults = faultyLink();
  caller = world.process('caller', { link: faults.link });
  await world.sessions.create(sampleSession());
}

const problem = (send: Promise<unknown>) =>
  send.then(
    () => undefined,
    (e: unknown) => e as AppError,
  );

async function ticks(minutes: number): Promise<void> {
  const { sweep } = world.process('sweeper');
  for (let n = 0; n < minutes; n += 1) {
    world.clock.advance(60_000);
    await sweep();
  }
}

describe('the claim', () => {
  it('that the store does not take is no claim: nobody is called, and nothing is kept', async () => {
    faults.fail('create', 'before');
    expect(await problem(caller.send())).toMatchObject({
      code: 'store-unavailable',
      retryAfter: expect.any(Number),
    });
    expect([world.gateway.calls, world.messages.all()]).toEqual([[], []]);
  });

  it.each(['after', 'again'] as const)(
    'whose acknowledgement is lost is ours, and is carried out: %s',
    async (fault) => {
      faults.fail('create', fault);
      expect(await caller.send()).toMatchObject({ kind: 'sent', replayed: false });
      expect(world.gateway.calls).toHaveLength(1);
    },
  );

  it('is given back where the window can’t be read', async () => {
    await start('resend');
    faults.fail('get', 'before');
    expect(await problem(caller.send())).toMatchObject({ code: 'store-unavailable' });
    expect([world.gateway.calls, world.messages.all()]).toEqual([[], []]);
  });
});

describe('the mark before the call, with hold', () => {
  it('that the store does not take stops the call, and the id is free', async () => {
    await start('hold');
    faults.fail('replace', 'before', { times: 1 });
    expect(await problem(caller.send())).toMatchObject({ code: 'store-unavailable' });
    expect([world.gateway.calls, world.messages.all()]).toEqual([[], []]);
  });

  it('whose acknowledgement is lost does not stop it', async () => {
    await start('hold');
    faults.fail('replace', 'again', { times: 1 });
    expect(await caller.send()).toMatchObject({ kind: 'sent' });
    expect(world.gateway.calls).toHaveLength(1);
  });

  it('whose acknowledgement is lost for good leaves no message that never left as one that may have', async () => {
    await start('hold');
    faults.fail('replace', 'after', { times: 1 });
    const fault = await problem(caller.send());
    await ticks(2);
    expect(world.onlyMessage()?.status).toBe(fault ? undefined : 'sent');
  });
});

describe('the settle', () => {
  it.each(['before', 'after', 'again'] as const)(
    'is made good, and the answer is the stored one: %s',
    async (fault) => {
      faults.fail('replace', fault, { times: 2 });
      const end = await caller.send();
      expect(end).toMatchObject({ kind: 'sent' });
      expect(world.onlyMessage()?.answer).toMatchObject({ body: end.kind === 'sent' ? end.body : '' });
      expect(world.gateway.calls).toHaveLength(1);
    },
  );

  it('that the store never takes is told as unknown, and is found out by the sweeper', async () => {
    faults.fail('replace', 'before', { times: 1_000 });
    const end = await caller.send();
    expect(end).toMatchObject({
      kind: 'pending',
      receipt: { status: 'unknown', reason: expect.any(String) },
    });
    await ticks(2);
    expect(world.onlyMessage()).toMatchObject({ status: 'sent' });
    expect(world.gateway.deliveries).toHaveLength(1);
  });

  it('that the store never takes is not said to be repeated where nothing is', async () => {
    await start('hold');
    faults.fail('replace', 'before', { nth: 2, times: 1_000 });
    const end = await caller.send();
    expect(end.kind === 'pending' && end.receipt.nextStep).not.toMatch(/is repeated under/);
  });

  it('gives up in time for the caller to be told', async () => {
    faults.fail('replace', 'before', { times: 1_000 });
    await caller.send({ deadlineAt: later(29) });
    expect(world.clock.now() <= later(29)).toBe(true);
  });

  it('is not beaten by a callback that comes first', async () => {
    const webhook = world.process('webhook');
    const early = () => webhook.handleStatus(ID, { status: 'delivered', at: later(1), waId: 'wamid.cb' });
    faults.fail('sendFlow', 'slow', { meanwhile: early });
    expect(await caller.send()).toMatchObject({ kind: 'sent' });
    expect(world.onlyMessage()).toMatchObject({ status: 'delivered', answer: { kind: 'sent' } });
  });

  it('of an unknown that a callback settles before the write is known is that settled one', async () => {
    world.gateway.always('accept-unheard');
    const webhook = world.process('webhook');
    const early = () => webhook.handleStatus(ID, { status: 'read', at: later(1) });
    faults.fail('replace', 'again', { meanwhile: early });
    expect(await caller.send()).toMatchObject({ kind: 'sent' });
    expect(world.onlyMessage()).toMatchObject({ status: 'read' });
  });
});

describe('giving a claim back', () => {
  beforeEach(() => {
    world.gateway.next({ kind: 'throttled', retryAfterMs: 9_000 });
  });

  it.each(['again', 'after'] as const)(
    'is done where only its acknowledgement is lost: %s',
    async (fault) => {
      faults.fail('remove', fault);
      await problem(caller.send());
      expect(world.messages.all()).toEqual([]);
    },
  );

  it('that the store does not take leaves the message to the sweeper', async () => {
    faults.fail('remove', 'before', { times: 100 });
    expect(await problem(caller.send())).toMatchObject({ code: 'store-unavailable' });
    await ticks(2);
    expect(world.onlyMessage()).toMatchObject({ status: 'sent' });
  });

  it.each(['sent', 'delivered'] as const)(
    'is too late where a callback has proved the message: %s',
    async (status) => {
      const webhook = world.process('webhook');
      const proof = () => webhook.handleStatus(ID, { status, at: later(1) });
      faults.fail('sendFlow', 'slow', { meanwhile: proof });
      expect(await caller.send()).toMatchObject({ kind: 'sent' });
      expect(world.onlyMessage()).toMatchObject({ status, answer: { kind: 'sent' } });
      expect(world.gateway.calls).toHaveLength(1);
    },
  );

  it('never tells of a message that somebody else has put under the id meanwhile', async () => {
    const rival = world.process('rival');
    const request = sampleRequest({ text: 'another' });
    faults.fail('remove', 'again', { meanwhile: () => rival.send({ request, clientId: 'client-2' }) });
    expect(await problem(caller.send())).toMatchObject({ code: 'gateway-throttled' });
  });
});

describe('standing as unknown', () => {
  it.each(['delivered', 'failed'] as const)(
    'undoes nothing that a callback says at that very moment: %s',
    async (status) => {
      await start('hold');
      world.gateway.always('accept-unheard');
      // The settle is never stored: the end of the lease is what brings the message back.
      faults.fail('replace', 'before', { nth: 2, times: 1_000 });
      await caller.send();
      world.clock.advance(120_000);
      const sweeperFaults = faultyLink();
      const webhook = world.process('webhook');
      const overtaking = () => webhook.handleStatus(ID, { status, at: later(1) });
      sweeperFaults.fail('get', 'slow', { meanwhile: overtaking });
      await world.process('sweeper', { link: sweeperFaults.link }).sweep();
      expect(world.onlyMessage()?.status).toBe(status);
      await ticks(2);
      expect(world.onlyMessage()).toMatchObject({ status, answer: expect.anything() });
    },
  );
});
