/** Clients with the same messageId in different namespaces: each has its own message. */
import { beforeEach, describe, expect, it } from 'vitest';
import { eventsFor } from '../../../src/lib/events/events-of-change.ts';
import type { Message } from '../../../src/lib/messages/message.ts';
import { keyIn, namespaced, ownIdOf } from '../../../src/lib/messages/namespaced.ts';
import { sendResponse } from '../../../src/lib/sending/contract.ts';
import { waIdOf } from '../../support/fakes/gateway.ts';
import { idOf, PAIR, sampleMessage, sampleRequest, sampleSession } from '../../support/fakes/samples.ts';
import { makeWorld, type Process, type World } from '../../support/fakes/world.ts';

const ID = idOf('order-1');
const SHOP = 'c2hvcCwgc2l4dGVlbiBiLg';
const BANK = 'YmFuaywgc2l4dGVlbiBiLg';
const request = sampleRequest({ messageId: ID });

describe('the key of a messageId', () => {
  it('is the messageId itself without a namespace', () => {
    expect(keyIn(undefined, ID)).toBe(ID);
    expect(namespaced(request, undefined)).toEqual({ request, own: {} });
  });

  it('never changes', () => {
    expect(keyIn(SHOP, ID)).toBe('2cb394a6-6cb8-8ccb-a7d2-a51565845ccb');
  });

  it('replaces it in the request, and the message keeps it', () => {
    expect(namespaced(request, SHOP)).toEqual({
      request: { ...request, messageId: keyIn(SHOP, ID) },
      own: { clientMessageId: ID },
    });
    expect(ownIdOf({ messageId: keyIn(SHOP, ID), clientMessageId: ID })).toBe(ID);
    expect(ownIdOf({ messageId: ID })).toBe(ID);
  });
});

describe('three clients with one messageId', () => {
  const clients = [
    { clientId: 'till', seesAll: false, namespaceKey: SHOP },
    { clientId: 'teller', seesAll: false, namespaceKey: BANK },
    { clientId: 'plain', seesAll: false },
  ];
  const keys = clients.map(({ namespaceKey }) => keyIn(namespaceKey, ID));
  const requestOf = (clientId: string) => ({ ...request, text: `from ${clientId}` });

  let world: World;
  let p: Process;
  beforeEach(async () => {
    world = makeWorld();
    p = world.process('p');
    await world.sessions.create(sampleSession());
  });

  const sendAll = () =>
    Promise.all(clients.map((client) => p.send({ ...client, request: requestOf(client.clientId) })));
  const messageOf = (key: string) => world.messages.all().find(({ messageId }) => messageId === key);

  it('have three messages, and three ids at LipaChat', async () => {
    await sendAll();
    expect(world.messages.all().map(({ clientId, messageId }) => [clientId, messageId])).toEqual(
      clients.map(({ clientId }, n) => [clientId, keys[n]]),
    );
    expect(new Set(world.gateway.deliveries.map(({ messageId }) => messageId))).toEqual(new Set(keys));
    const idsIn = ({ clientMessageId, request: own }: Message) => [clientMessageId, own?.messageId];
    expect(world.messages.all().map(idsIn)).toEqual([
      [ID, keys[0]],
      [ID, keys[1]],
      [undefined, ID],
    ]);
  });

  it('see their own id, and no key, in every response', async () => {
    const first = await sendAll();
    for (const sent of first) {
      expect(sent.kind === 'sent' && JSON.parse(sent.body).messageId).toBe(ID);
    }
    for (const message of world.messages.all()) {
      const { headers } = sendResponse({ message, fresh: true });
      expect(headers).toEqual({ location: `/v1/messages/${ID}` });
    }
    const again = await sendAll();
    expect(again).toEqual(first.map((sent) => ({ ...sent, replayed: true })));
    expect(world.gateway.calls).toHaveLength(3);
  });

  it('see it with a 202, too, and the worker sends under the key', async () => {
    const [client] = clients;
    const pending = await p.send({ ...client, request, respondAsync: true });
    expect(pending).toMatchObject({ kind: 'pending', receipt: { messageId: ID } });
    world.clock.advance(1_000);
    await p.workOff();
    expect(world.gateway.deliveries.map(({ messageId }) => messageId)).toEqual([keys[0]]);
  });

  it('read their own message, and no other', async () => {
    await sendAll();
    await p.handleStatus(keys[1], { status: 'read', at: world.clock.now(), waId: waIdOf(keys[1] ?? '') });
    const views = await Promise.all(clients.map((client) => p.read.message(ID, client)));
    expect(views.map(({ messageId, status, waId }) => [messageId, status, waId])).toEqual(
      keys.map((key, n) => [ID, n === 1 ? 'read' : 'sent', waIdOf(key)]),
    );
    const others = { clientId: 'other', seesAll: false };
    for (const namespaceKey of [undefined, SHOP, BANK]) {
      await expect(p.read.message(ID, { ...others, namespaceKey })).rejects.toThrow('not-found');
    }
    const [shop = ''] = keys;
    await expect(p.read.message(shop, { clientId: 'plain', seesAll: false })).rejects.toThrow('not-found');
    expect(await p.read.message(shop, { clientId: 'iam', seesAll: true })).toMatchObject({ messageId: ID });
    expect(await p.read.message(ID, { clientId: 'iam', seesAll: true })).toMatchObject({ waId: waIdOf(ID) });
  });

  it('share their ids with the clients of their namespace only', async () => {
    await sendAll();
    const other = { clientId: 'other', seesAll: false, respondAsync: false, request };
    await expect(p.send({ ...other, namespaceKey: SHOP })).rejects.toThrow('message-id-reused');
    expect(await p.send({ ...other, namespaceKey: 'bmV3LCBzaXh0ZWVuIGJ5dA' })).toMatchObject({
      replayed: false,
    });
  });

  it('get their replies, by the token and by the quoted send', async () => {
    await sendAll();
    const [byToken = '', byQuote = ''] = keys;
    const at = world.clock.now();
    const reply = { at, pair: PAIR, quotedIds: [] as string[], formName: 'flow' };
    await p.handleReply({ ...reply, id: 'r-1', response: { lipaflow_ref: byToken } });
    await p.handleReply({ ...reply, id: 'r-2', response: {}, quotedIds: [waIdOf(byQuote)] });
    expect(keys.map((key) => messageOf(key)?.reply?.id)).toEqual(['r-1', 'r-2', undefined]);
  });

  it('get no reply to another’s flow, whose client wrote their token into it', async () => {
    await sendAll();
    const [other = ''] = keys;
    const quotedIds = [waIdOf(other)];
    const response = { lipaflow_ref: ID };
    await p.handleReply({
      id: 'r-1',
      at: world.clock.now(),
      pair: PAIR,
      response,
      quotedIds,
      formName: 'flow',
    });
    expect(keys.map((key) => messageOf(key)?.reply?.id)).toEqual(['r-1', undefined, undefined]);
  });

  it('have events with their own id, and no key of a namespace', async () => {
    await sendAll();
    const events = world.messages
      .all()
      .flatMap((after) => eventsFor({ kind: 'message', before: undefined, after }));
    expect(events.map(({ detail }) => [detail['messageId'], detail['clientId']])).toEqual(
      clients.map(({ clientId }) => [ID, clientId]),
    );
    expect(new Set(events.map(({ detail }) => detail.eventId)).size).toBe(3);
    for (const key of [SHOP, BANK]) {
      expect(JSON.stringify([events, world.messages.all(), world.telemetry])).not.toContain(key);
    }
  });

  it('read a message that has no key: a campaign’s, or one from before the namespace', async () => {
    const [till] = clients;
    await world.messages.create(sampleMessage({ messageId: idOf('recipient'), clientId: 'till' }));
    await world.messages.create(sampleMessage({ messageId: idOf('foreign'), clientId: 'plain' }));
    const reader = till ?? expect.fail();
    expect(await p.read.message('recipient', reader)).toMatchObject({ messageId: 'recipient' });
    await expect(p.read.message('foreign', reader)).rejects.toThrow('not-found');
  });
});
