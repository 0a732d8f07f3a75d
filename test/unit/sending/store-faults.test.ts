/**
 * A store that fails before a write, after it, or during another process's write: nothing is stranded or sent twice.
 */
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
  it('that the store rejects is no claim: no call is made, and nothing is stored', async () => {
    faults.fail('create', 'before');
    expect(await problem(caller.send())).toMatchObject({
      code: 'store-unavailable',
      retryAfter: expect.any(Number),
    });
    expect([world.gateway.calls, world.messages.all()]).toEqual([[], []]);
  });

  it.each(['after', 'again'] as const)(
    'with a lost acknowledgement is ours, and its message is delivered: %s',
    async (fault) => {
      faults.fail('create', fault);
      expect(await caller.send()).toMatchObject({ kind: 'sent', replayed: false });
      expect(world.gateway.calls).toHaveLength(1);
    },
  );

  it('is given back when the window cannot be read', async () => {
    await start('resend');
    faults.fail('get', 'before');
    expect(await problem(caller.send())).toMatchObject({ code: 'store-unavailable' });
    expect([world.gateway.calls, world.messages.all()]).toEqual([[], []]);
  });
});

describe('the mark before the call, with hold', () => {
  it('that the store rejects prevents the call, and the id is free', async () => {
    await start('hold');
    faults.fail('replace', 'before', { times: 1 });
    expect(await problem(caller.send())).toMatchObject({ code: 'store-unavailable' });
    expect([world.gateway.calls, world.messages.all()]).toEqual([[], []]);
  });

  it('with a lost acknowledgement does not prevent the call', async () => {
    await start('hold');
    faults.fail('replace', 'again', { times: 1 });
    expect(await caller.send()).toMatchObject({ kind: 'sent' });
    expect(world.gateway.calls).toHaveLength(1);
  });

  it('with an acknowledgement lost for good never leaves an unsent message as one that may have been sent', async () => {
    await start('hold');
    faults.fail('replace', 'after', { times: 1 });
    const fault = await problem(caller.send());
    await ticks(2);
    expect(world.onlyMessage()?.status).toBe(fault ? undefined : 'sent');
  });
});

describe('the settle', () => {
  it.each(['before', 'after', 'again'] as const)(
    'is retried, and the response is the stored one: %s',
    async (fault) => {
      faults.fail('replace', fault, { times: 2 });
      const end = await caller.send();
      expect(end).toMatchObject({ kind: 'sent' });
      expect(world.onlyMessage()?.answer).toMatchObject({ body: end.kind === 'sent' ? end.body : '' });
      expect(world.gateway.calls).toHaveLength(1);
    },
  );

  it('that the store always rejects is reported as unknown, and is completed by the sweeper', async () => {
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

  it('that the store always rejects does not promise a repeat in hold mode', async () => {
    await start('hold');
    faults.fail('replace', 'before', { nth: 2, times: 1_000 });
    const end = await caller.send();
    expect(end.kind === 'pending' && end.receipt.nextStep).not.toMatch(/is sent again under/);
  });

  it('gives up early enough to answer the caller', async () => {
    faults.fail('replace', 'before', { times: 1_000 });
    await caller.send({ deadlineAt: later(29) });
    expect(world.clock.now() <= later(29)).toBe(true);
  });

  it('succeeds when a callback comes first', async () => {
    const webhook = world.process('webhook');
    const early = () => webhook.handleStatus(ID, { status: 'delivered', at: later(1), waId: 'wamid.cb' });
    faults.fail('sendFlow', 'slow', { meanwhile: early });
    expect(await caller.send()).toMatchObject({ kind: 'sent' });
    expect(world.onlyMessage()).toMatchObject({ status: 'delivered', answer: { kind: 'sent' } });
  });

  it('as unknown returns the final answer when a callback settles the message before the write is acknowledged', async () => {
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
    'succeeds when only its acknowledgement is lost: %s',
    async (fault) => {
      faults.fail('remove', fault);
      await problem(caller.send());
      expect(world.messages.all()).toEqual([]);
    },
  );

  it('that the store rejects leaves the message to the sweeper', async () => {
    faults.fail('remove', 'before', { times: 100 });
    expect(await problem(caller.send())).toMatchObject({ code: 'store-unavailable' });
    await ticks(2);
    expect(world.onlyMessage()).toMatchObject({ status: 'sent' });
  });

  it.each(['sent', 'delivered'] as const)(
    'is too late when a callback has proved the message: %s',
    async (status) => {
      const webhook = world.process('webhook');
      const proof = () => webhook.handleStatus(ID, { status, at: later(1) });
      faults.fail('sendFlow', 'slow', { meanwhile: proof });
      expect(await caller.send()).toMatchObject({ kind: 'sent' });
      expect(world.onlyMessage()).toMatchObject({ status, answer: { kind: 'sent' } });
      expect(world.gateway.calls).toHaveLength(1);
    },
  );

  it('never reveals a message that another client has stored under the id meanwhile', async () => {
    const rival = world.process('rival');
    const request = sampleRequest({ text: 'another' });
    faults.fail('remove', 'again', { meanwhile: () => rival.send({ request, clientId: 'client-2' }) });
    expect(await problem(caller.send())).toMatchObject({ code: 'gateway-throttled' });
  });
});

describe('marking a message unknown', () => {
  it.each(['delivered', 'failed'] as const)(
    'undoes nothing that a callback reports at the same moment: %s',
    async (status) => {
      await start('hold');
      world.gateway.always('accept-unheard');
      // The settle is never stored: only the end of the lease brings the message back.
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
