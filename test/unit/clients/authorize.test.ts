import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { contextOf, makeAuthorize } from '../../../src/lib/clients/authorize.ts';
import { mayUse } from '../../../src/lib/clients/scopes.ts';
import { manualClock } from '../../support/fakes/clock.ts';
import { faultyLink } from '../../support/fakes/link.ts';
import { NOW } from '../../support/fakes/samples.ts';
import { fakeClients } from '../../support/fakes/stores.ts';
import { fakeTelemetry } from '../../support/fakes/telemetry.ts';

const TOKEN = 'token-of-the-shop-0123456789';
const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

const SEND = 'POST /v1/flows';
const READ = 'GET /v1/messages/{messageId}';
const SESSION = 'GET /v1/sessions/{from}/{to}';

const { link, fail } = faultyLink();
const clients = fakeClients(link);
const telemetry = fakeTelemetry();
const clock = manualClock(NOW);
const ask = makeAuthorize({ clients, clock, telemetry });
const SOURCE = '203.0.113.7';
const authorize = (authorization: string | undefined, routeKey: string, sourceIp = SOURCE) =>
  ask({ authorization, routeKey, sourceIp, requestId: 'request-1' });

beforeEach(() => {
  clients.add(hashOf(TOKEN), { clientId: 'shop', scopes: ['send'] });
  clients.add(hashOf('token-of-the-reader-01234'), { clientId: 'reader', scopes: ['read', 'admin'] });
  clients.add(hashOf('token-of-the-former-01234'), { clientId: 'former', scopes: ['send'], revokedAt: NOW });
});

describe('a token', () => {
  it("is accepted for its client when it has the route's scope", async () => {
    expect(await authorize(`Bearer ${TOKEN}`, SEND)).toEqual({
      clientId: 'shop',
      scopes: ['send'],
    });
    expect(await authorize('Bearer token-of-the-reader-01234', READ)).toMatchObject({ clientId: 'reader' });
  });

  it("is rejected without the route's scope", async () => {
    expect(await authorize(`Bearer ${TOKEN}`, READ)).toBeUndefined();
    expect(await authorize('Bearer token-of-the-reader-01234', SEND)).toBeUndefined();
  });

  it('is rejected once it was revoked', async () => {
    expect(await authorize('Bearer token-of-the-former-01234', SEND)).toBeUndefined();
  });

  it('may follow "bearer" in any case', async () => {
    for (const scheme of ['bearer', 'BEARER', 'Bearer ']) {
      expect(await authorize(`${scheme} ${TOKEN}`, SEND)).toMatchObject({ clientId: 'shop' });
    }
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['without a scheme', TOKEN],
    ['under another scheme', `Basic ${TOKEN}`],
    ['unknown', 'Bearer nobody-has-this-token'],
    ['cut off', `Bearer ${TOKEN.slice(0, -1)}`],
    ['longer', `Bearer ${TOKEN}x`],
    ['in other letters', `Bearer ${TOKEN.toUpperCase()}`],
    ['followed by another', `Bearer ${TOKEN} ${TOKEN}`],
    ['followed by a line end', `Bearer ${TOKEN}\n`],
    ['its own hash', `Bearer ${hashOf(TOKEN)}`],
    ['too short to be one', 'Bearer x'],
    ['too long to be one', `Bearer ${'x'.repeat(10_000)}`],
    ['not ASCII', 'Bearer ключключключключключ'],
  ])('is rejected when it is %s', async (_, authorization) => {
    expect(await authorize(authorization, SEND)).toBeUndefined();
  });

  it('is never logged, nor is its hash', async () => {
    await authorize(`Bearer ${TOKEN}`, READ);
    await authorize('Bearer nobody-has-this-token', READ);
    const log = JSON.stringify(telemetry.lines);
    for (const secret of [TOKEN, hashOf(TOKEN), 'nobody-has', hashOf('nobody-has-this-token')]) {
      expect(log).not.toContain(secret);
    }
  });

  it('is neither valid nor invalid while the store is down: the check fails', async () => {
    fail('byTokenHash', 'before');
    await expect(authorize(`Bearer ${TOKEN}`, SEND)).rejects.toMatchObject({ code: 'store-unavailable' });
  });
});

describe('a token that is limited', () => {
  const LATER = new Date(NOW.getTime() + 60_000);
  const asked = (reason: string, clientId?: string) => [
    'client.refused',
    { route: SEND, reason, requestId: 'request-1', clientId, source: '203.0.113.0/24' },
  ];
  const refusals = () => telemetry.lines.map(({ event, fields }) => [event, fields]);
  const add = (token: string, limits: object) =>
    clients.add(hashOf(token), { clientId: token, scopes: ['send'], ...limits });

  it.each<[string, object, string | undefined]>([
    ['until a moment ago', { expiresAt: NOW }, 'expired'],
    ['for a minute more', { expiresAt: LATER }, undefined],
    ['until later, but revoked', { expiresAt: LATER, revokedAt: NOW }, 'revoked'],
    ['to other addresses', { sources: ['203.0.113.8/32', '2001:db8::/32'] }, 'source'],
    ['to this address among others', { sources: ['198.51.100.0/24', `${SOURCE}/32`] }, undefined],
    ['to no address', { sources: [] }, 'source'],
    ['to another route', { scopes: ['read'] }, 'scope'],
  ])('%s is refused for its reason, or accepted', async (limit, limits, reason) => {
    const token = `limited-${limit.replaceAll(/\W/g, '-')}`;
    add(token, limits);
    const before = refusals().length;
    expect((await authorize(`Bearer ${token}`, SEND)) === undefined).toBe(reason !== undefined);
    expect(refusals().slice(before)).toEqual(reason === undefined ? [] : [asked(reason, token)]);
  });

  it.each([
    ['unknown', 'Bearer nobody-has-this-token'],
    ['no token', 'Basic abc'],
  ])('is logged as unknown, if it is %s', async (_, authorization) => {
    const before = refusals().length;
    await authorize(authorization, SEND);
    expect(refusals().slice(before)).toEqual([asked('unknown')]);
  });

  it('ends by the clock', async () => {
    const [later, watch] = [new Date(NOW.getTime() + 2_000), manualClock(NOW)];
    add('ends', { expiresAt: later });
    const at = makeAuthorize({ clients, clock: watch, telemetry });
    const request = { authorization: 'Bearer ends', routeKey: SEND, sourceIp: SOURCE, requestId: 'r' };
    watch.advance(1_999);
    expect(await at(request)).toBeDefined();
    watch.advance(1);
    expect(await at(request)).toBeUndefined();
  });
});

describe('the use of a token', () => {
  const lastUse = async (token: string) => (await clients.byTokenHash(hashOf(token)))?.lastUsedOn;

  it('is noted once a day, and not if the request is refused', async () => {
    clients.add(hashOf('daily'), { clientId: 'daily', scopes: ['send'] });
    await authorize('Bearer daily', READ);
    expect(await lastUse('daily')).toBeUndefined();
    await authorize('Bearer daily', SEND);
    expect(await lastUse('daily')).toBe(NOW.toISOString().slice(0, 10));
    fail('noteUse', 'before');
    const lines = telemetry.lines.length;
    await authorize('Bearer daily', SEND);
    expect(telemetry.lines).toHaveLength(lines);
    expect(await lastUse('daily')).toBe(NOW.toISOString().slice(0, 10));
    // The fault is still to come: no write was tried.
    clients.add(hashOf('next'), { clientId: 'next', scopes: ['send'], lastUsedOn: '2000-01-01' });
    expect(await authorize('Bearer next', SEND)).toMatchObject({ clientId: 'next' });
    expect(telemetry.lines.at(-1)).toMatchObject({ event: 'client.use-not-noted' });
    expect(await lastUse('next')).toBe('2000-01-01');
  });

  it('is not noted for a minute after a note failed, so that trouble with the table delays no other request', async () => {
    const cold = makeAuthorize({ clients, clock, telemetry });
    const use = (token: string) =>
      cold({ authorization: `Bearer ${token}`, routeKey: SEND, sourceIp: undefined, requestId: undefined });
    for (const id of ['a', 'b']) clients.add(hashOf(id), { clientId: id, scopes: ['send'] });
    fail('noteUse', 'before');
    expect(await use('a')).toMatchObject({ clientId: 'a' });
    expect(await use('b')).toMatchObject({ clientId: 'b' });
    expect(await lastUse('b')).toBeUndefined();
    clock.advance(60_000);
    await use('b');
    expect(await lastUse('b')).toBeDefined();
  });
});

describe('a route', () => {
  it.each([
    [SEND, 'send'],
    [READ, 'read'],
    [SESSION, 'read'],
    ['PUT /v1/opt-outs/{from}/{to}', 'send'],
    ['DELETE /v1/opt-outs/{from}/{to}', 'consent'],
  ])('%s needs the scope %s and no other', (route, scope) => {
    const others = ['send', 'read', 'campaigns', 'consent', 'admin', 'Send', `${scope}s`, '*', ''].filter(
      (other) => other !== scope,
    );
    expect(mayUse(route, [scope])).toBe(true);
    expect(mayUse(route, others)).toBe(false);
    expect(mayUse(route, [])).toBe(false);
  });

  it.each(['$default', 'GET /v1/flows', 'POST /v1/flows/', 'constructor', '__proto__', 'toString', ''])(
    'with no rule is closed to every token: %s',
    (route) => {
      expect(mayUse(route, ['send', 'read', 'campaigns', 'consent', 'admin'])).toBe(false);
    },
  );
});

describe('what API Gateway passes on', () => {
  const client = { clientId: 'shop', scopes: ['send', 'read'] };
  const namespace = { name: 'shops', key: 'c2hvcHMsIHNpeHRlZW4gLg' };

  it('is the client and its scopes, and nothing of a namespace without one', () => {
    expect(contextOf(client)).toStrictEqual({ clientId: 'shop', scopes: 'send read' });
  });

  it('is the namespace, too, and no log has its key', async () => {
    clients.add(hashOf('token-of-the-shops-012345'), { ...client, namespace });
    const found = await authorize('Bearer token-of-the-shops-012345', SEND);
    expect(found).toEqual({ ...client, namespace });
    expect(contextOf(found ?? expect.fail())).toStrictEqual({
      clientId: 'shop',
      scopes: 'send read',
      namespaceKey: namespace.key,
    });
    expect(await authorize('Bearer token-of-the-shops-012345', SESSION)).toBeDefined();
    expect(JSON.stringify(telemetry)).not.toContain(namespace.key);
  });
});
