import { beforeEach, describe, expect, it } from 'vitest';
import type { Callback } from '../../../src/lib/lipachat/callback.ts';
import { waKeyOf } from '../../../src/lib/messages/message.ts';
import { afterGatewayClosed } from '../../../src/lib/whatsapp/session-window.ts';
import { waIdOf } from '../../support/fakes/gateway.ts';
import { faultyLink } from '../../support/fakes/link.ts';
import { later, NOW, PAIR, sampleRequest, sampleSession } from '../../support/fakes/samples.ts';
import { makeWorld, type Process, type World } from '../../support/fakes/world.ts';

const ID = sampleRequest().messageId;

let world: World;
let webhook: Process;
let faults: ReturnType<typeof faultyLink>;
beforeEach(() => {
  world = makeWorld();
  faults = faultyLink();
  webhook = world.process('webhook', { link: faults.link });
});

const inbound = (changes: Partial<Callback & { kind: 'inbound' }> = {}): Callback => ({
  kind: 'inbound',
  id: 'wamid.in',
  pair: PAIR,
  writtenAt: undefined,
  said: ['Habari'],
  reply: undefined,
  ...changes,
});

const status = (changes: Partial<Callback & { kind: 'status' }> = {}): Callback => ({
  kind: 'status',
  messageId: ID,
  report: { status: 'delivered', waId: waIdOf(ID) },
  at: undefined,
  ...changes,
});

const session = async () => (await world.sessions.get(PAIR))?.value;

describe('an inbound message', () => {
  it('opens the session window for 24 hours from its own timestamp', async () => {
    await webhook.handleCallbacks([inbound({ writtenAt: later(-3_600) })]);
    expect(await session()).toEqual(sampleSession(later(-3_600)));
  });

  it('opens the window from its arrival when it carries no timestamp', async () => {
    await webhook.handleCallbacks([inbound()]);
    expect(await session()).toEqual(sampleSession(NOW));
  });

  it('counts from its first arrival when it carries no timestamp and is repeated', async () => {
    await webhook.handleCallbacks([inbound()]);
    world.clock.advance(3_600_000);
    await webhook.handleCallbacks([inbound()]);
    expect((await session())?.window?.expiresAt).toEqual(later(86_400));
  });

  it('counts at each arrival when it has no id to recognize a repeat by', async () => {
    await webhook.handleCallbacks([inbound({ id: undefined })]);
    world.clock.advance(3_600_000);
    await webhook.handleCallbacks([inbound({ id: undefined })]);
    expect((await session())?.window?.expiresAt).toEqual(later(86_400 + 3_600));
  });

  it('opens nothing when it was written a day ago', async () => {
    await webhook.handleCallbacks([inbound({ writtenAt: later(-86_400) })]);
    expect(await session()).toBeUndefined();
  });

  it('keeps the start of an open window, and starts a new window after that one closes', async () => {
    await webhook.handleCallbacks([inbound({ id: '1' })]);
    world.clock.advance(3_600_000);
    await webhook.handleCallbacks([inbound({ id: '2' })]);
    expect((await session())?.window?.openedAt).toEqual(NOW);
    world.clock.advance(26 * 3_600_000);
    await webhook.handleCallbacks([inbound({ id: '3' })]);
    expect((await session())?.window?.openedAt).toEqual(later(27 * 3_600));
  });

  it('takes effect once among fifty concurrent copies', async () => {
    await webhook.handleCallbacks(Array.from({ length: 50 }, () => inbound()));
    expect(world.sessions.all()).toEqual([sampleSession(NOW)]);
  });

  it('reopens a window that the gateway closed', async () => {
    await world.sessions.create(afterGatewayClosed(sampleSession(later(-60)), later(-1)));
    await webhook.handleCallbacks([inbound()]);
    expect(await session()).toMatchObject({ window: { openedAt: NOW, expiresAt: later(86_400) } });
  });
});

describe('a window that a customer opens while a message is being refused', () => {
  it('stays open, because the refusal was about the previous window', async () => {
    await world.sessions.create(sampleSession(later(-80_000)));
    const customer = world.process('customer');
    const writes = async () => {
      world.clock.advance(1_000);
      await customer.handleCallbacks([inbound({ id: 'wamid.new' })]);
    };
    faults.fail('sendFlow', 'slow', { meanwhile: writes });
    world.gateway.next({ kind: 'sessionClosed' });
    await webhook.send().catch(() => undefined);
    expect(await session()).toMatchObject({ window: { expiresAt: later(86_401) } });
  });
});

describe('a status callback', () => {
  it('advances the status of its message, by either id', async () => {
    await world.sessions.create(sampleSession());
    await world.process('caller').send();
    await webhook.handleCallbacks([status({ report: { status: 'delivered' } })]);
    expect(world.onlyMessage()?.status).toBe('delivered');
    await webhook.handleCallbacks([
      status({ messageId: undefined, report: { status: 'read', waId: waIdOf(ID) } }),
    ]);
    expect(world.onlyMessage()?.status).toBe('read');
  });

  it("is matched by WhatsApp's id when the other id is not ours", async () => {
    await world.sessions.create(sampleSession());
    await world.process('caller').send();
    for (const messageId of ['gateway-77', 'no id of ours at all!', '']) {
      await webhook.handleCallbacks([status({ messageId, report: { status: 'read', waId: waIdOf(ID) } })]);
    }
    expect(world.onlyMessage()?.status).toBe('read');
    expect(world.unmatchedQueue.waiting).toEqual([]);
  });

  it('waits in the queue when its message is not known by that id yet', async () => {
    await webhook.handleCallbacks([status({ messageId: undefined })]);
    expect(world.unmatchedQueue.waiting.map(({ unmatched }) => unmatched)).toEqual([
      { waKey: waKeyOf(waIdOf(ID)), report: { status: 'delivered', at: NOW }, lookups: 0 },
    ]);
    expect(JSON.stringify(world.unmatchedQueue.waiting)).not.toContain(waIdOf(ID));
  });

  it('keeps its own timestamp when it carries one', async () => {
    await world.sessions.create(sampleSession());
    await world.process('caller').send();
    await webhook.handleCallbacks([status({ at: later(-7) })]);
    expect(world.onlyMessage()?.timeline.at(-1)).toMatchObject({ at: later(-7), source: 'callback' });
  });
});

describe('a flow reply that matches no flow', () => {
  const reply = { response: { said: 'x' }, quotedIds: [], formName: 'flow' };

  it.each([['no timestamp'], ['a timestamp']])(
    'does not match the parked flow that it released, when it is repeated: with %s',
    async (stamp) => {
      await webhook.send({ request: sampleRequest({ whenClosed: 'park' }) });
      expect(world.onlyMessage()?.status).toBe('parked');
      const first = inbound({
        reply,
        said: [],
        ...(stamp === 'a timestamp' ? { writtenAt: NOW } : {}),
      });
      await webhook.handleCallbacks([first]);
      world.clock.advance(1_500);
      await webhook.workOff();
      expect(world.onlyMessage()?.status).toBe('sent');
      await webhook.handleCallbacks([first]);
      expect(world.onlyMessage()?.reply).toBeUndefined();
      await webhook.handleCallbacks([inbound({ id: 'wamid.another', reply, said: [] })]);
      expect(world.onlyMessage()?.reply).toMatchObject({ id: 'wamid.another', matchedBy: 'only-open-flow' });
    },
  );
});

describe('any other callback', () => {
  it('is stored raw and counted when it cannot be understood', async () => {
    await webhook.handleCallbacks([{ kind: 'unrecognised', raw: '{"odd":1}' }]);
    expect(world.callbacks.raw()).toEqual(['{"odd":1}']);
    expect(world.telemetry.counted('callback.unrecognised')).toBe(1);
  });

  it('opens the window, and is stored raw and counted, when it is a reply that cannot be read', async () => {
    const unreadable = '{"type":"FLOW","odd":"canary"}';
    await webhook.handleCallbacks([inbound({ unreadable })]);
    await webhook.handleCallbacks([inbound({ unreadable })]);
    expect(await session()).toEqual(sampleSession(NOW));
    expect(world.callbacks.raw()).toEqual([unreadable]);
    expect(world.telemetry.counted('reply.unreadable')).toBe(2);
  });

  it('is counted by its kind', async () => {
    await webhook.handleCallbacks([inbound(), inbound({ id: 'b' }), { kind: 'notice', about: 'system' }]);
    expect(world.telemetry.counted('callback.inbound')).toBe(2);
    expect(world.telemetry.counted('callback.notice')).toBe(1);
  });

  it('is logged without the digits of a new type', async () => {
    await webhook.handleCallbacks([{ kind: 'notice', about: `type ${PAIR.customer}` }]);
    expect(world.telemetry.lines).toMatchObject([{ event: 'callback.notice', fields: { about: 'type …' } }]);
  });

  it('is never logged with a number, an id or its text', async () => {
    await webhook.handleCallbacks([inbound(), status(), { kind: 'unrecognised', raw: '{"text":"canary"}' }]);
    expect(JSON.stringify(world.telemetry.lines)).not.toMatch(/254717746565|canary|wamid/);
  });
});

describe('a store that fails', () => {
  it.each(['remember', 'get', 'create'])(
    'at %s reports an error, so that the queue repeats the callback and the repeat succeeds',
    async (call) => {
      faults.fail(call, 'before');
      await expect(webhook.handleCallbacks([inbound()])).rejects.toMatchObject({ code: 'store-unavailable' });
      world.clock.advance(60_000);
      await webhook.handleCallbacks([inbound()]);
      expect((await session())?.window?.expiresAt.getTime()).toBeGreaterThanOrEqual(later(86_400).getTime());
    },
  );

  it('keeps no other entry of the callback from being handled', async () => {
    faults.fail('remember', 'before');
    const many = [inbound(), inbound({ id: 'b' }), status()];
    await expect(webhook.handleCallbacks(many)).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(world.telemetry.counted('callback.inbound')).toBe(2);
    expect(world.telemetry.counted('callback.status')).toBe(1);
  });

  it('leaves one lookup of an unmatched status, however often its callback is repeated', async () => {
    const batch = [inbound(), status({ messageId: undefined })];
    for (let n = 0; n < 3; n += 1) {
      faults.fail('remember', 'before');
      await expect(webhook.handleCallbacks(batch)).rejects.toThrow();
      expect(world.unmatchedQueue.waiting).toEqual([]);
    }
    await webhook.handleCallbacks(batch);
    expect(world.unmatchedQueue.waiting).toHaveLength(1);
  });

  it.each(['again', 'after'] as const)('after a write has no second effect: %s', async (fault) => {
    faults.fail('remember', fault);
    faults.fail('create', fault);
    for (let n = 0; n < 3; n += 1) {
      await webhook.handleCallbacks([inbound()]).catch(() => undefined);
      world.clock.advance(1_000);
    }
    expect(await session()).toEqual(sampleSession(NOW));
  });
});
