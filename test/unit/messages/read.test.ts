import { beforeEach, describe, expect, it } from 'vitest';
import { waIdOf } from '../../support/fakes/gateway.ts';
import {
  BUSINESS,
  CUSTOMER,
  later,
  NOW,
  PAIR,
  sampleRequest,
  sampleSession,
} from '../../support/fakes/samples.ts';
import { makeWorld, type Process, type World } from '../../support/fakes/world.ts';

const ID = sampleRequest().messageId;
const OWN = { clientId: 'client-1', seesAll: false };

let world: World;
let api: Process;
beforeEach(() => {
  world = makeWorld();
  api = world.process('api');
});

describe('a message', () => {
  beforeEach(async () => {
    await world.sessions.create(sampleSession());
    await api.send();
  });

  it('is returned with its current status and its history', async () => {
    world.clock.advance(5_000);
    await api.handleStatus(ID, { status: 'read', at: later(4) });
    const view = await api.read.message(ID, OWN);
    expect(view).toMatchObject({
      messageId: ID,
      status: 'read',
      waId: waIdOf(ID),
      gateway: { status: 'success' },
    });
    expect(view.timeline).toEqual([
      { at: NOW.toISOString(), status: 'sending', source: 'api' },
      { at: NOW.toISOString(), status: 'sent', source: 'gateway' },
      { at: later(4).toISOString(), status: 'read', source: 'callback' },
    ]);
  });

  it('of another client is returned as not found', async () => {
    const there = await api.read
      .message(ID, { clientId: 'client-2', seesAll: false })
      .catch((e: unknown) => e);
    const nowhere = await api.read.message('nowhere', OWN).catch((e: unknown) => e);
    expect(there).toMatchObject({ code: 'not-found' });
    expect(there).toEqual(nowhere);
  });

  it('of another client is returned to a caller who may see all', async () => {
    expect(await api.read.message(ID, { clientId: 'ops', seesAll: true })).toMatchObject({ messageId: ID });
  });

  it.each(['', 'a b', 'x'.repeat(129), 'é', '../x'])(
    'is not looked up under an invalid id: %j',
    async (id) => {
      await expect(api.read.message(id, OWN)).rejects.toMatchObject({ code: 'not-found' });
    },
  );

  it('past its retention is not found', async () => {
    world.clock.advance(31 * 86_400_000);
    await expect(api.read.message(ID, OWN)).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('a session', () => {
  it('that does not exist is returned as closed, with nothing known', async () => {
    expect(await api.read.session(PAIR)).toEqual({
      from: BUSINESS,
      to: CUSTOMER,
      open: false,
      openedAt: null,
      expiresAt: null,
      lastInboundAt: null,
      optedOut: false,
      parked: 0,
    });
  });

  it('is returned with its timestamps, and as open until the margin before its end', async () => {
    await world.sessions.create(sampleSession());
    expect(await api.read.session(PAIR)).toMatchObject({
      open: true,
      openedAt: NOW.toISOString(),
      expiresAt: later(86_400).toISOString(),
      lastInboundAt: NOW.toISOString(),
    });
    world.clock.advance((86_400 - 60) * 1000 - 1);
    expect(await api.read.session(PAIR)).toMatchObject({ open: true });
    world.clock.advance(1);
    expect(await api.read.session(PAIR)).toMatchObject({
      open: false,
      expiresAt: later(86_400).toISOString(),
    });
  });
});
