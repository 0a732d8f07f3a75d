/**
 * Waiting flows through the use cases: the recipient queue, replies, sends that WhatsApp takes back, receipts and
 * erasure.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { gatewayMessageIdOf } from '../../../src/lib/messages/gateway-message-id.ts';
import type { FlowRequest } from '../../../src/lib/messages/message.ts';
import { receiptOf } from '../../../src/lib/messages/receipt.ts';
import { CORRELATION_KEY } from '../../../src/lib/messages/reply.ts';
import { templateLockKeyOf } from '../../../src/lib/messages/template-message.ts';
import { waIdOf } from '../../support/fakes/gateway.ts';
import {
  CUSTOMER,
  idOf,
  later,
  NOW,
  PAIR,
  sampleMessage,
  sampleRequest,
} from '../../support/fakes/samples.ts';
import { makeWorld, type Process, type World } from '../../support/fakes/world.ts';

let world: World;
let p: Process;
beforeEach(() => {
  world = makeWorld();
  p = world.process('p');
});

const parking = (id: string) =>
  sampleRequest({ messageId: idOf(id), whenClosed: 'park', parkForSeconds: 86_400 });
const find = (id: string) => world.messages.all().find((m) => m.messageId === id);

async function writes(id = `in-${world.clock.now().getTime()}`): Promise<void> {
  const said = { writtenAt: undefined, said: ['hi'], reply: undefined };
  await p.handleCallbacks([{ kind: 'inbound', id, pair: PAIR, ...said }]);
}

async function park(...ids: string[]): Promise<void> {
  for (const id of ids) {
    await p.send({ request: parking(id) });
    world.clock.advance(1_000);
  }
}

async function rest(ticks = 5): Promise<void> {
  for (let n = 0; n < ticks * 9; n += 1) {
    world.clock.advance(7_000);
    if (n % 9 === 0) await p.sweep();
    await p.workOff();
  }
}

describe('the recipient queue of a customer', () => {
  it('sends the oldest first, six seconds apart', async () => {
    await park('a', 'b', 'c');
    await writes();
    for (let n = 0; n < 40; n += 1) {
      await p.workOff();
      world.clock.advance(500);
    }
    expect(world.gateway.deliveries.map(({ messageId }) => messageId)).toEqual(['a', 'b', 'c']);
    const [a, b, c] = world.gateway.calls.map(({ at }) => at.getTime());
    expect(Number(b) - Number(a)).toBeGreaterThanOrEqual(6_000);
    expect(Number(c) - Number(b)).toBeGreaterThanOrEqual(6_000);
  });

  it('has one attempt in progress at a time, even if an older message returns to it', async () => {
    await park('a', 'b');
    await writes();
    await p.workOff();
    expect([find('a')?.status, find('b')?.status]).toEqual(['sent', 'parked']);
    const at = world.clock.now();
    await p.handleStatus('a', { status: 'failed', at, code: 131_047, waId: waIdOf('a') });
    world.clock.advance(1_000);
    await writes();
    expect([find('a')?.status, find('b')?.status]).toEqual(['parked', 'parked']);
    await rest();
    expect([find('a')?.status, find('b')?.status]).toEqual(['sent', 'sent']);
  });

  it('expires a flow after its time, and a reply a second later releases nothing', async () => {
    await p.send({ request: { ...parking('a'), parkForSeconds: 60 } });
    world.clock.advance(61_000);
    await writes();
    expect(find('a')?.status).toBe('parked');
    await p.sweep();
    expect(find('a')).toMatchObject({ status: 'expired', reason: expect.any(String) });
    await rest();
    expect(world.gateway.calls).toEqual([]);
  });
});

describe('a send that WhatsApp takes back because the window is closed', () => {
  const refused = () => ({ status: 'failed', at: world.clock.now(), code: 131_047 }) as const;

  async function sendAndRefuse(): Promise<void> {
    await writes();
    await p.send({ request: parking('a') });
    world.clock.advance(1_000);
    await p.handleStatus('a', { ...refused(), waId: waIdOf('a') });
  }

  it('waits again, and is sent once more under an id of its own', async () => {
    await sendAndRefuse();
    expect(find('a')?.status).toBe('parked');
    world.clock.advance(1_000);
    await writes();
    await rest();
    const sent = find('a');
    expect(sent?.status).toBe('sent');
    const [first, second, ...others] = world.gateway.deliveries.map(({ messageId }) => messageId);
    expect([first, second, others]).toEqual(['a', sent && gatewayMessageIdOf(sent), []]);
    expect(second).not.toBe('a');
  });

  it('is not affected by further failures of the first send', async () => {
    await sendAndRefuse();
    world.clock.advance(1_000);
    await writes();
    await rest();
    for (const status of ['sent', 'failed'] as const) {
      await p.handleStatus('a', { ...refused(), status, waId: waIdOf('a') });
    }
    await rest();
    expect(find('a')?.status).toBe('sent');
    expect(world.gateway.deliveries).toHaveLength(2);
  });

  it('is parked once, however often the callback is repeated', async () => {
    await sendAndRefuse();
    const once = find('a');
    await p.handleStatus('a', { ...refused(), waId: waIdOf('a') });
    await p.handleStatus('a', refused());
    expect(find('a')).toMatchObject({ status: 'parked', epoch: once?.epoch, resends: once?.resends });
  });

  it('is not marked as sent by its own late receipt when the callback was faster', async () => {
    await writes();
    const { send } = world.process('slow', {
      through: (gateway) => ({
        ...gateway,
        async sendFlow(request, call) {
          const outcome = await gateway.sendFlow(request, call);
          world.clock.advance(1_000);
          await p.handleStatus('a', { ...refused(), waId: waIdOf('a') });
          return outcome;
        },
      }),
    });
    await send({ request: parking('a') }).catch(() => undefined);
    expect(find('a')?.status).toBe('parked');
    expect(find('a')?.answer).toBeUndefined();
    world.clock.advance(1_000);
    await writes();
    await rest();
    expect(find('a')?.status).toBe('sent');
    expect(world.gateway.deliveries).toHaveLength(2);
  });

  it('is matched by its derived id, which LipaChat got', async () => {
    await sendAndRefuse();
    world.clock.advance(1_000);
    await writes();
    await rest();
    const gatewayMessageId = gatewayMessageIdOf(find('a') ?? sampleMessage());
    await p.handleStatus(gatewayMessageId, { status: 'delivered', at: world.clock.now() });
    await rest();
    expect(find('a')?.status).toBe('delivered');
  });
});

describe('a flow reply', () => {
  async function sent(...ids: string[]): Promise<void> {
    await writes('in-first');
    for (const id of ids) {
      await p.send({ request: sampleRequest({ messageId: idOf(id) }) });
      world.clock.advance(7_000);
    }
  }
  const reply = (id: string, more: { response?: unknown; quotedIds?: string[]; formName?: string } = {}) =>
    p.handleReply({ id, at: world.clock.now(), pair: PAIR, response: {}, quotedIds: [], ...more });
  const byToken = (token: unknown) => ({ response: { [CORRELATION_KEY]: token, name: 'Amina' } });

  it('is matched by its token first', async () => {
    await sent('a', 'b');
    expect(await reply('r', { ...byToken('b'), quotedIds: [waIdOf('a')] })).toBe('matched');
    expect(find('b')?.reply).toMatchObject({ id: 'r', matchedBy: 'token' });
    expect(find('a')?.reply).toBeUndefined();
  });

  it("is matched by the message it quotes when it has no token of this customer's", async () => {
    await sent('a', 'b');
    for (const token of ['nobody', 7, 'a/b', '']) {
      const more = { ...byToken(token), quotedIds: [waIdOf('a')] };
      expect(await reply('r', more)).toBe('matched');
    }
    expect(find('a')?.reply).toMatchObject({ id: 'r', matchedBy: 'context' });
  });

  it("is never matched to another customer's flow", async () => {
    await sent('a');
    const other = { business: PAIR.business, customer: '254700000001' as typeof CUSTOMER };
    const at = world.clock.now();
    const more = { ...byToken('a'), quotedIds: [waIdOf('a')] };
    expect(await p.handleReply({ id: 'r', at, pair: other, ...more })).toBe('unmatched');
    expect(find('a')?.reply).toBeUndefined();
  });

  it('is matched to the only open flow', async () => {
    await sent('a');
    expect(await reply('r')).toBe('matched');
    expect(find('a')?.reply).toMatchObject({ id: 'r', matchedBy: 'only-open-flow' });
  });

  it('is matched to the only open flow, behind 59 later ones in any other state', async () => {
    await sent('a');
    const reply0 = { id: 'r-0', at: world.clock.now(), response: {}, matchedBy: 'token' } as const;
    const later59 = [{ status: 'failed' }, { status: 'read', reply: reply0 }, { status: 'unknown' }] as const;
    for (let n = 0; n < 59; n += 1) {
      world.clock.advance(1_000);
      const at = { createdAt: world.clock.now(), sentAt: n % 3 === 2 ? undefined : world.clock.now() };
      const message = sampleMessage({
        messageId: idOf(`b-${n}`),
        lease: undefined,
        ...at,
        ...later59[n % 3],
      });
      expect(await world.messages.create(message)).toMatchObject({ done: true });
    }
    expect(await reply('r')).toBe('matched');
    expect(find('a')?.reply).toMatchObject({ id: 'r', matchedBy: 'only-open-flow' });
  });

  it('is ambiguous when two flows are open: both show it, neither counts it', async () => {
    await sent('a', 'b');
    expect(await reply('r')).toBe('ambiguous');
    expect(await reply('r')).toBe('ambiguous');
    for (const id of ['a', 'b']) {
      expect(find(id)?.reply).toBeUndefined();
      expect(find(id)?.ambiguousReplies?.map((one) => one.id)).toEqual(['r']);
    }
  });

  it('matches nothing when no flow is open, or when none was sent yet', async () => {
    expect(await reply('r-0')).toBe('unmatched');
    await sent('a');
    const early = { id: 'r-1', at: later(-60), pair: PAIR, response: {}, quotedIds: [] };
    expect(await p.handleReply(early)).toBe('unmatched');
  });

  it('means the same when it is repeated, whatever was sent since', async () => {
    await sent('a');
    const at = world.clock.now();
    const same = { id: 'r', at, pair: PAIR, response: { n: 1 }, quotedIds: [] };
    await p.handleReply(same);
    await sent('b');
    await p.handleReply(same);
    await p.handleReply({ ...same, at: world.clock.now() });
    expect(find('a')?.reply?.id).toBe('r');
    expect(find('b')?.reply).toBeUndefined();
  });

  it('stays ambiguous when it is repeated, even if one of the flows has been answered since', async () => {
    await sent('a', 'b');
    await reply('r-1');
    await reply('r-2', { quotedIds: [waIdOf('a')] });
    await reply('r-1');
    expect(find('a')?.reply?.id).toBe('r-2');
    expect(find('b')?.reply).toBeUndefined();
  });

  it('that matches nothing is stored raw', async () => {
    const said = { writtenAt: undefined, said: [] };
    const filled = { response: { canary: 1 }, quotedIds: [] };
    await p.handleCallbacks([{ kind: 'inbound', id: 'r', pair: PAIR, ...said, reply: filled }]);
    expect(world.callbacks.raw().join()).toContain('canary');
    expect(world.telemetry.counted('reply.unmatched')).toBe(1);
  });
});

describe('the receipt of a waiting message', () => {
  const seen = { session: null, gateway: null };
  it.each([
    ['parked', /customer writes/],
    ['queued', /worker/],
    ['expired', /new messageId/],
    ['failed', /new messageId/],
  ] as const)('with status %s has its reason and a next step', (status, nextStep) => {
    const receipt = receiptOf(sampleMessage({ status, reason: 'r', parkedUntil: later(60) }), seen);
    expect(receipt).toMatchObject({ status, reason: 'r', nextStep: expect.stringMatching(nextStep) });
  });

  it('says until when the message is parked', async () => {
    const result = await p.send({ request: parking('a') });
    expect(result).toMatchObject({ kind: 'pending', receipt: { status: 'parked' } });
    expect(JSON.stringify(result)).toContain(later(86_400).toISOString());
  });

  it('is 202 queued at once, with a next step, when the caller does not wait', async () => {
    const result = await p.send({ respondAsync: true });
    expect(result).toMatchObject({ kind: 'pending', receipt: { status: 'queued' } });
    expect(world.gateway.calls).toEqual([]);
    const { receipt } = result.kind === 'pending' ? result : { receipt: undefined };
    expect(receipt?.nextStep).toMatch(/worker/);
  });
});

describe('an erasure', () => {
  const traces = () =>
    JSON.stringify([world.messages.all(), world.sessions.all(), world.callbacks.raw()]).includes(CUSTOMER);

  it('leaves nothing of the person, and can be repeated', async () => {
    await park('a', 'b');
    await writes();
    await world.callbacks.keepRaw(`{"from":"+254 717-746 565"}`, world.clock.now());
    await p.erase(PAIR, 'c-1');
    await p.erase(PAIR, 'c-1');
    expect(traces()).toBe(false);
    expect(world.callbacks.raw()).toEqual([]);
    expect(JSON.stringify(world.telemetry.lines)).not.toContain(CUSTOMER);
  });

  it('leaves no id that leads to a message, and no template lock', async () => {
    const template = { name: 'hello', languageCode: 'en' };
    await p.send({ request: { ...parking('a'), whenClosed: 'template', template } });
    const { templateMessage } = find('a') ?? {};
    await p.handleStatus(templateMessage?.messageId, {
      status: 'failed',
      code: 130_429,
      at: world.clock.now(),
    });
    await rest(5);
    await writes();
    await rest(1);
    await p.handleStatus('a', { status: 'failed', code: 130_429, at: world.clock.now(), waId: waIdOf('a') });
    expect(world.aliases.all()).toHaveLength(6);
    expect(world.templateLocks.all()).toHaveLength(1);
    await p.erase(PAIR, 'c-1');
    expect([world.aliases.all(), world.templateLocks.all()]).toEqual([[], []]);
  });

  it('is not undone by a template message in flight', async () => {
    const template = { name: 'hello', languageCode: 'en' };
    const request: FlowRequest = { ...parking('a'), whenClosed: 'template', template };
    for (const moment of ['sendTemplate', 'create', 'keepAlias']) {
      let erasures = 0;
      const slow = world.process(`slow-${moment}`, {
        link: async (call, apply) => {
          const result = apply();
          if (call === moment && world.messages.all().length > 0 && erasures === 0) {
            erasures += 1;
            await p.erase(PAIR, 'c-1');
          }
          return result;
        },
      });
      await slow.send({ request }).catch(() => undefined);
      expect(world.messages.all()).toEqual([]);
      expect([world.aliases.all(), world.templateLocks.all()]).toEqual([[], []]);
    }
  });

  it("deletes raw callbacks that contain the number only inside one of WhatsApp's ids", async () => {
    const waId = `wamid.${Buffer.from(`\u001d\f${CUSTOMER}\u0015x`).toString('base64')}`;
    const others = `wamid.${Buffer.from('\u001d\f254700000001\u0015x').toString('base64')}`;
    const odd = (id: string) => JSON.stringify({ event: 'ODD', id });
    await world.callbacks.keepRaw(odd(waId), world.clock.now());
    await world.callbacks.keepRaw(odd(others), world.clock.now());
    await p.erase(PAIR, 'c-1');
    expect(world.callbacks.raw()).toEqual([odd(others)]);
  });

  it('keeps an opt-out in force', async () => {
    await p.consent.optOut(PAIR, { clientId: 'crm', correlationId: 'c-1' });
    await p.erase(PAIR, 'c-1');
    expect(traces()).toBe(false);
    await writes();
    await expect(p.send()).rejects.toMatchObject({ code: 'recipient-opted-out' });
    await p.consent.optIn(PAIR, { clientId: 'crm', correlationId: 'c' });
    expect(await p.send()).toMatchObject({ kind: 'sent' });
  });

  it('keeps an opt-out that arrives during the erasure', async () => {
    const eraser = world.process('eraser', {
      link: async (call, apply) => {
        if (call === 'remove' && world.sessions.all()[0]?.consent === undefined)
          await p.consent.optOut(PAIR, { clientId: 'crm', correlationId: 'c-2' });
        return apply();
      },
    });
    await writes();
    await eraser.erase(PAIR, 'c-1');
    expect((await p.read.session(PAIR)).optedOut).toBe(true);
  });

  it('deletes messages that a send writes during the erasure', async () => {
    let more = 3;
    const eraser = world.process('eraser', {
      link: async (call, apply) => {
        if (call === 'ofPair' && more > 0) {
          more -= 1;
          await p.send({ request: parking(`late-${more}`) });
        }
        return apply();
      },
    });
    await park('a');
    await eraser.erase(PAIR, 'c-1');
    expect(world.messages.all()).toEqual([]);
  });

  it('deletes an id that a send stores between the last read of its message and the deletion', async () => {
    const template = { name: 'hello', languageCode: 'en' };
    let kept = '';
    const eraser = world.process('eraser', {
      link: async (call, apply) => {
        const [message] = world.messages.all();
        if (call === 'remove' && message) {
          kept = message.templateMessage?.messageId ?? '';
          await world.aliases.keep(kept, { messageId: message.messageId });
          const { messageId: holder, expiresAt: until } = message;
          await world.templateLocks.create({ key: templateLockKeyOf(message), holder, at: NOW, until });
        }
        return apply();
      },
    });
    await p.send({ request: { ...parking('a'), whenClosed: 'template', template } });
    await eraser.erase(PAIR, 'c-1');
    expect(world.messages.all()).toEqual([]);
    expect(kept).not.toBe('');
    expect(await world.aliases.find(kept)).toBeUndefined();
    expect(world.templateLocks.all()).toEqual([]);
  });

  it('is not undone by a send in flight', async () => {
    await writes();
    const { send } = world.process('slow', {
      through: (gateway) => ({
        ...gateway,
        async sendFlow(request, call) {
          const outcome = await gateway.sendFlow(request, call);
          await p.erase(PAIR, 'c-1');
          return outcome;
        },
      }),
    });
    await send().catch(() => undefined);
    await rest();
    expect(traces()).toBe(false);
  });
});
