/** Unknown outcomes, and how they are settled: by a repeat, by a callback, or not at all. */
import { describe, expect, it } from 'vitest';
import type { AppError } from '../../../src/lib/platform/errors.ts';
import { type Link, straight } from '../../support/fakes/link.ts';
import { later, PAIR, sampleRequest, sampleSession } from '../../support/fakes/samples.ts';
import { makeWorld, type World, type WorldSettings } from '../../support/fakes/world.ts';

const ID = sampleRequest().messageId;
/** With a second for the watch of a lease. */
const MINUTE_MS = 61_000;

async function opened(settings: Partial<WorldSettings> = {}, openedAt = later(0)): Promise<World> {
  const world = makeWorld(settings);
  await world.sessions.create(sampleSession(openedAt));
  return world;
}

const problem = (send: Promise<unknown>) =>
  send.then(
    () => undefined,
    (e: unknown) => e as AppError,
  );

/** A process that dies when its call has reached LipaChat. */
async function crashAfterCall(world: World, name = 'crashed'): Promise<void> {
  const link: Link = (call, apply) => (call === 'sendFlow' ? new Promise(apply) : straight(call, apply));
  void world.process(name, { link }).send();
  await new Promise((resolve) => setImmediate(resolve));
}

async function ticks(world: World, minutes: number): Promise<void> {
  const { sweep } = world.process('sweeper');
  for (let n = 0; n < minutes; n += 1) {
    world.clock.advance(MINUTE_MS);
    await sweep();
  }
}

describe('an unknown outcome that may be repeated', () => {
  it.each(['receipt', 'duplicate'] as const)(
    'is settled at once by a repeat with the response: %s',
    async (onRepeat) => {
      const world = await opened();
      world.gateway.onRepeat = onRepeat;
      world.gateway.next('accept-unheard');
      expect(await world.process('caller').send()).toMatchObject({ kind: 'sent', replayed: false });
      expect([world.gateway.calls.length, world.gateway.deliveries.length]).toEqual([2, 1]);
    },
  );

  it('stays unknown when the repeat is ambiguous too, with a reason and a next step', async () => {
    const world = await opened();
    world.gateway.always('lost');
    const end = await world.process('caller').send();
    expect(end).toMatchObject({
      kind: 'pending',
      receipt: {
        status: 'unknown',
        reason: expect.stringMatching(/\w/),
        nextStep: expect.stringMatching(/\w/),
      },
    });
  });

  it('is settled by the sweeper when the caller does not return', async () => {
    const world = await opened();
    world.gateway.next('lost', 'accept-unheard');
    await world.process('caller').send();
    await ticks(world, 1);
    expect(world.onlyMessage()).toMatchObject({ status: 'sent', answer: { kind: 'sent' } });
    expect(world.gateway.deliveries).toHaveLength(1);
  });

  it('is settled by its caller, who returns inside the horizon', async () => {
    const world = await opened();
    world.gateway.next('lost', 'lost');
    await world.process('caller').send();
    expect(await world.process('caller').send()).toMatchObject({ kind: 'sent' });
  });

  it('is never repeated after the horizon', async () => {
    const world = await opened();
    world.gateway.always('lost');
    await world.process('caller').send();
    await ticks(world, 16);
    const calls = world.gateway.calls.length;
    await ticks(world, 5);
    expect(await world.process('caller').send()).toMatchObject({
      kind: 'pending',
      receipt: { status: 'unknown' },
    });
    expect(world.gateway.calls).toHaveLength(calls);
    expect(world.gateway.calls.every(({ at }) => at < later(900))).toBe(true);
    expect(world.onlyMessage()).toMatchObject({ status: 'unknown', dueAt: undefined });
  });

  it('does not become refused when its repeat is refused', async () => {
    const world = await opened({ gatewayAttempts: 2 });
    world.gateway.next('accept-unheard', {
      kind: 'rejected',
      message: 'No.',
      duplicate: false,
      envelope: null,
    });
    expect(await world.process('caller').send()).toMatchObject({
      kind: 'pending',
      receipt: { status: 'unknown' },
    });
    expect(world.onlyMessage()?.answer).toBeUndefined();
  });

  it('is not repeated once LipaChat reports the window closed, and the ledger records that', async () => {
    const world = await opened();
    world.gateway.next('accept-unheard', { kind: 'sessionClosed' });
    expect(await world.process('caller').send()).toMatchObject({ kind: 'pending' });
    expect((await world.sessions.get(PAIR))?.value.window?.expiresAt).toEqual(world.clock.now());
    await ticks(world, 5);
    expect(world.gateway.calls).toHaveLength(2);
  });
});

describe('an unknown outcome that is held', () => {
  it('leads to one call in any case, and waits for a callback', async () => {
    const world = await opened({ mode: 'hold' });
    world.gateway.next('accept-unheard');
    const caller = world.process('caller');
    expect(await caller.send()).toMatchObject({ kind: 'pending', receipt: { status: 'unknown' } });
    await ticks(world, 20);
    expect(await caller.send()).toMatchObject({ kind: 'pending' });
    expect(world.gateway.calls).toHaveLength(1);
    expect(world.onlyMessage()).toMatchObject({ status: 'unknown', reason: expect.any(String) });
  });

  it('leads to one call when its process died during the call', async () => {
    const world = await opened({ mode: 'hold' });
    await crashAfterCall(world);
    await ticks(world, 3);
    expect(world.gateway.calls).toHaveLength(1);
    expect(world.onlyMessage()).toMatchObject({ status: 'unknown', lease: undefined });
  });

  it('leads to a call when its process died before the call', async () => {
    const world = await opened({ mode: 'hold' });
    const link: Link = (call, apply) =>
      call === 'replace' ? new Promise(() => undefined) : straight(call, apply);
    void world.process('crashed', { link }).send();
    await new Promise((resolve) => setImmediate(resolve));
    await ticks(world, 1);
    expect(world.onlyMessage()).toMatchObject({ status: 'sent' });
  });
});

describe.each(['resend', 'hold'] as const)('a callback about an unknown message, with %s', (mode) => {
  it.each(['sent', 'delivered', 'read'] as const)('settles it: %s', async (status) => {
    const world = await opened({ mode });
    world.gateway.always('accept-unheard');
    const caller = world.process('caller');
    await caller.send();
    await caller.handleStatus(ID, { status, at: world.clock.now(), waId: 'wamid.cb' });
    expect(world.onlyMessage()).toMatchObject({ status, reason: undefined, waId: 'wamid.cb' });
    const calls = world.gateway.calls.length;
    expect(await caller.send()).toMatchObject({ kind: 'sent' });
    expect(world.gateway.calls).toHaveLength(calls);
  });

  it('gives it its final answer when the caller does not return', async () => {
    const world = await opened({ mode });
    world.gateway.always('accept-unheard');
    await world.process('caller').send();
    await world.process('webhook').handleStatus(ID, { status: 'delivered', at: world.clock.now() });
    await ticks(world, 2);
    expect(world.onlyMessage()).toMatchObject({
      status: 'delivered',
      answer: { kind: 'sent' },
      dueAt: undefined,
    });
  });

  it('gives it its final answer soon, even with a timestamp in the future', async () => {
    const world = await opened({ mode });
    world.gateway.always('accept-unheard');
    await world.process('caller').send();
    await world
      .process('webhook')
      .handleCallbacks([{ kind: 'status', messageId: ID, report: { status: 'delivered' }, at: later(1e7) }]);
    await ticks(world, 2);
    expect(world.onlyMessage()).toMatchObject({ status: 'delivered', answer: { kind: 'sent' } });
  });

  it('can report that it failed, and why', async () => {
    const world = await opened({ mode });
    world.gateway.always('accept-unheard');
    const caller = world.process('caller');
    await caller.send();
    await caller.handleStatus(ID, {
      status: 'failed',
      at: world.clock.now(),
      detail: '131026 Undeliverable',
    });
    expect(await problem(caller.send())).toMatchObject({
      code: 'gateway-rejected',
      detail: '131026 Undeliverable',
    });
  });

  it('gives it a receipt with a closed window when the window is closed by then', async () => {
    const world = await opened({ mode }, later(-86_000));
    world.gateway.always('accept-unheard');
    const caller = world.process('caller');
    await caller.send();
    world.clock.advance(3_600_000);
    await caller.handleStatus(ID, { status: 'read', at: world.clock.now() });
    const end = await caller.send();
    expect(end.kind === 'sent' && JSON.parse(end.body)).toMatchObject({
      session: { open: false },
      gateway: null,
    });
  });
});

describe('a process that died after LipaChat accepted the message', () => {
  it('leaves a message in progress during its lease, which is settled after it with one delivery', async () => {
    const world = await opened();
    await crashAfterCall(world);
    expect(await problem(world.process('caller').send())).toMatchObject({ code: 'send-in-progress' });
    await ticks(world, 1);
    expect(world.onlyMessage()).toMatchObject({ status: 'sent' });
    expect(world.gateway.deliveries).toHaveLength(1);
  });

  it('leaves a message that is kept, even if the window is reported closed for another message meanwhile', async () => {
    const world = await opened();
    await crashAfterCall(world);
    world.gateway.next({ kind: 'sessionClosed' });
    const other = sampleRequest({ messageId: 'other' as typeof ID });
    expect(await problem(world.process('caller').send({ request: other }))).toMatchObject({
      code: 'session-closed',
    });
    await ticks(world, 20);
    expect(world.onlyMessage()).toMatchObject({
      messageId: ID,
      status: 'unknown',
      reason: expect.any(String),
    });
  });
});
