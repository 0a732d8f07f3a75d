/** Another client stores its own message under the id meanwhile: none of it is shown or touched. */
import { beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/lib/platform/errors.ts';
import { faultyLink, type Link, straight } from '../../support/fakes/link.ts';
import { sampleRequest, sampleSession } from '../../support/fakes/samples.ts';
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

/** A process that dies at its first call of this name; its lease expires. */
async function crashAt(name: string): Promise<void> {
  const link: Link = (call, apply) => (call === name ? new Promise(() => undefined) : straight(call, apply));
  void world.process('crashed', { link }).send();
  await new Promise((resolve) => setImmediate(resolve));
  world.clock.advance(61_000);
}

/** The existing claim is given back, and the rival's message takes its place. */
async function rivalTakesPlace(): Promise<void> {
  const stored = await world.messages.get(ID);
  if (stored) await world.messages.remove(stored);
  const request = sampleRequest({ text: 'another' });
  await problem(world.process('rival').send({ request, clientId: 'client-2' }));
}

const rivals = [{ text: 'another' }];

describe('a caller who takes over a claim', () => {
  it.each(['resend', 'hold'] as const)(
    'does not take over a message that replaced it meanwhile: %s',
    async (mode) => {
      await start(mode);
      await crashAt(mode === 'hold' ? 'replace' : 'sendFlow');
      faults.fail('create', 'slow', { meanwhile: rivalTakesPlace });
      expect(await problem(caller.send())).toMatchObject({ code: 'message-id-reused' });
      expect(world.gateway.deliveries).toMatchObject(rivals);
      expect(world.gateway.calls).toHaveLength(1);
    },
  );

  it("does not send its payload under a rival's expired claim, either", async () => {
    await crashAt('sendFlow');
    const rivalCrashes = async () => {
      const stored = await world.messages.get(ID);
      if (stored) await world.messages.remove(stored);
      const link: Link = (call, apply) =>
        call === 'sendFlow' ? new Promise(() => undefined) : straight(call, apply);
      void world
        .process('rival', { link })
        .send({ request: sampleRequest({ text: 'another' }), clientId: 'client-2' });
      await new Promise((resolve) => setImmediate(resolve));
      world.clock.advance(61_000);
    };
    faults.fail('create', 'slow', { meanwhile: rivalCrashes });
    expect(await problem(caller.send())).toBeInstanceOf(AppError);
    expect(world.gateway.calls).toEqual([]);
  });
});

describe('a caller who finds a message with an unknown outcome', () => {
  it('neither reports nor changes a message that replaced it meanwhile', async () => {
    await start('hold');
    await crashAt('sendFlow');
    faults.fail('create', 'slow', { meanwhile: rivalTakesPlace });
    expect(await problem(caller.send())).toMatchObject({ code: 'message-id-reused' });
    expect(world.onlyMessage()).toMatchObject({ clientId: 'client-2', epoch: 1 });
  });
});

describe('the sweeper', () => {
  it('sends no payload but that of the stored message', async () => {
    await crashAt('sendFlow');
    const slow = faultyLink();
    slow.fail('get', 'slow', { meanwhile: rivalTakesPlace });
    await world.process('sweeper', { link: slow.link }).sweep();
    expect(world.gateway.deliveries).toMatchObject(rivals);
    expect(world.onlyMessage()).toMatchObject({ clientId: 'client-2', status: 'sent' });
  });
});

describe('a caller whose lease expires before its mark, with hold', () => {
  it('learns nothing of the message that another client has stored in its place', async () => {
    await start('hold');
    const others = async () => {
      world.clock.advance(61_000);
      world.gateway.next({ kind: 'throttled', retryAfterMs: 9_000 });
      await problem(world.process('taker').send());
      const request = sampleRequest({ text: 'another' });
      await world.process('rival').send({ request, clientId: 'client-2' });
    };
    faults.fail('get', 'slow', { meanwhile: others });
    expect(await problem(caller.send())).toBeInstanceOf(AppError);
    expect(world.gateway.deliveries).toMatchObject([{ text: 'another' }]);
  });
});
