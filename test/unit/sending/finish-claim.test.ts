/** The watch of a lease finishes what a crash left (ADR 028). */
import { beforeEach, describe, expect, it } from 'vitest';
import { isWatch, parseDelivery, parseWatch } from '../../../src/lib/sending/contract.ts';
import { waIdOf } from '../../support/fakes/gateway.ts';
import { faultyLink, type Link, straight } from '../../support/fakes/link.ts';
import { PAIR, sampleRequest, sampleSession } from '../../support/fakes/samples.ts';
import { makeWorld, type World, type WorldSettings } from '../../support/fakes/world.ts';

const ID = sampleRequest().messageId;

let world: World;
beforeEach(() => start());

async function start(settings: Partial<WorldSettings> = {}): Promise<void> {
  world = makeWorld(settings);
  await world.sessions.create(sampleSession());
}

/** A process that dies at its first call of this name. */
async function crashAt(name: string): Promise<void> {
  const link: Link = (call, apply) => (call === name ? new Promise(() => undefined) : straight(call, apply));
  void world.process('crashed', { link }).send();
  await new Promise((resolve) => setImmediate(resolve));
}

const finish = () => world.process('worker').finishClaims();
const message = () => world.onlyMessage();

describe('the watch of a lease', () => {
  it('finishes a crashed claim when its lease is over, and nothing before', async () => {
    await crashAt('sendFlow');
    world.clock.advance(60_000);
    expect(await finish()).toEqual({ finished: 0, failed: 0 });
    expect(world.gateway.calls).toEqual([]);
    world.clock.advance(1_000);
    expect(await finish()).toEqual({ finished: 1, failed: 0 });
    expect(message()).toMatchObject({ status: 'sent' });
    expect(world.gateway.deliveries).toHaveLength(1);
  });

  it('does nothing to a message that is settled, and calls LipaChat no more', async () => {
    await world.process('caller').send();
    const settled = message();
    world.clock.advance(61_000);
    expect(await finish()).toEqual({ finished: 0, failed: 0 });
    expect(message()).toEqual(settled);
    expect(world.gateway.calls).toHaveLength(1);
    expect(world.queue.watches).toEqual([]);
  });

  it('does nothing to a message that is gone, or that waits', async () => {
    await crashAt('sendFlow');
    const stored = await world.messages.get(ID);
    if (stored) await world.messages.remove(stored);
    await world.process('caller').send({
      request: { ...sampleRequest({ messageId: `${ID}-2` as typeof ID }), whenClosed: 'park' },
      respondAsync: true,
    });
    world.clock.advance(61_000);
    expect(await finish()).toEqual({ finished: 0, failed: 0 });
    expect(world.gateway.calls).toEqual([]);
    expect(message()).toMatchObject({ status: 'queued' });
  });

  it('leaves a later lease to the watch of that lease', async () => {
    await start({ mode: 'hold' });
    await crashAt('replace');
    const [first] = world.queue.watches;
    world.clock.advance(61_000);
    world.gateway.always({ kind: 'throttled' });
    expect(await finish()).toMatchObject({ finished: 1 });
    expect(message()).toMatchObject({ status: 'sending', epoch: 2 });
    expect(world.queue.watches.map(({ watch }) => watch.owner)).toEqual([message()?.lease?.owner]);
    if (first) await world.queue.watch([{ ...first.watch, until: world.clock.now() }]);
    world.clock.advance(1_000);
    expect(await finish()).toEqual({ finished: 0, failed: 0 });
    world.gateway.always('accept');
    world.clock.advance(60_000);
    expect(await finish()).toMatchObject({ finished: 1 });
    expect(message()).toMatchObject({ status: 'sent', epoch: 3 });
  });

  it('is enqueued again when the lease still runs, as one of 15 minutes does', async () => {
    await start({ leaseSeconds: 900, resendHorizonSeconds: 3_600 });
    await crashAt('sendFlow');
    world.clock.advance(899_000);
    for (const watched of world.queue.watches.slice()) world.queue.forget(watched);
    await world.queue.watch([
      { messageId: ID, clientId: 'crm', owner: message()?.lease?.owner ?? '', until: world.clock.now() },
    ]);
    world.clock.advance(1_000 - 1);
    expect(await finish()).toEqual({ finished: 0, failed: 0 });
    expect(message()).toMatchObject({ status: 'sending', epoch: 1 });
    expect(world.queue.watches.map(({ watch }) => watch.owner)).toEqual([message()?.lease?.owner]);
    world.clock.advance(2_001);
    expect(await finish()).toEqual({ finished: 1, failed: 0 });
    expect(message()).toMatchObject({ status: 'sent', epoch: 2 });
    expect(world.gateway.deliveries).toHaveLength(1);
  });

  it.each(['get', 'replace'])('returns to the queue when the store fails: %s', async (call) => {
    await crashAt('sendFlow');
    const { link, fail } = faultyLink();
    fail(call, 'before');
    world.clock.advance(61_000);
    expect(await world.process('worker', { link }).finishClaims()).toEqual({ finished: 0, failed: 1 });
    world.clock.advance(180_000);
    expect(await finish()).toEqual({ finished: 1, failed: 0 });
    expect(message()).toMatchObject({ status: 'sent' });
  });

  it('does not return to the queue when the customer has opted out: the claim is given back', async () => {
    await start({ mode: 'hold' });
    await crashAt('replace');
    await world.process('api').consent.optOut(PAIR, { clientId: 'crm', correlationId: 'request' });
    world.clock.advance(61_000);
    expect(await finish()).toEqual({ finished: 1, failed: 0 });
    expect(message()).toBeUndefined();
    world.clock.advance(61_000);
    expect(await finish()).toEqual({ finished: 0, failed: 0 });
    expect(world.queue.watches).toEqual([]);
  });

  it.each(['resend', 'hold'] as const)(
    'gives a proven message its answer when its owner died: %s',
    async (mode) => {
      await start({ mode });
      world.gateway.next('accept-unheard');
      await crashAt(mode === 'hold' ? 'sendFlow' : 'replace');
      const report = { status: 'delivered', at: world.clock.now(), waId: waIdOf(ID) } as const;
      await world.process('webhook').handleStatus(ID, report);
      expect(message()).toMatchObject({ status: 'delivered', lease: expect.anything() });
      world.clock.advance(61_000);
      expect(await finish()).toEqual({ finished: 1, failed: 0 });
      expect(message()).toMatchObject({ status: 'delivered', answer: { kind: 'sent' } });
      expect(message()?.lease).toBeUndefined();
    },
  );

  it('with hold, finishes a claim without its mark, and leaves one with its mark unknown', async () => {
    await start({ mode: 'hold' });
    await crashAt('replace');
    world.clock.advance(61_000);
    expect(await finish()).toMatchObject({ finished: 1 });
    expect(message()).toMatchObject({ status: 'sent' });
    await start({ mode: 'hold' });
    await crashAt('sendFlow');
    world.clock.advance(61_000);
    expect(await finish()).toMatchObject({ finished: 1 });
    expect(message()).toMatchObject({ status: 'unknown' });
    expect(message()?.lease).toBeUndefined();
    expect(world.gateway.calls).toEqual([]);
  });

  it('tries a claim again and again that LipaChat throttles, then gives it up', async () => {
    await start({ mode: 'hold' });
    await crashAt('replace');
    world.gateway.always({ kind: 'throttled' });
    for (let n = 0; n < 20; n += 1) {
      world.clock.advance(61_000);
      await finish();
    }
    expect(message()).toMatchObject({ status: 'unknown', reason: expect.any(String), dueAt: undefined });
    expect(world.gateway.calls.length).toBeGreaterThan(5);
    expect(world.queue.watches).toEqual([]);
  });
});

describe('a record of the delivery queue', () => {
  it('is a message to send or the watch of a lease', () => {
    const watch = { watch: 'm-1', owner: 'o-1' };
    expect(isWatch(watch)).toBe(true);
    expect(parseWatch(watch)).toEqual({ messageId: 'm-1', owner: 'o-1' });
    expect(isWatch({ messageId: 'm-1' })).toBe(false);
    expect(parseDelivery({ messageId: 'm-1' })).toBe('m-1');
  });

  it.each([{ watch: 'm-1' }, { watch: 'a b', owner: 'o' }, { watch: 3, owner: 'o' }])(
    'that is neither is refused: %j',
    (record) => expect(() => parseWatch(record)).toThrow(),
  );
});
