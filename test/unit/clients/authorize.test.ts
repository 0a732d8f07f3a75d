import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { contextOf, makeAuthorize } from '../../../src/lib/clients/authorize.ts';
import { mayUse } from '../../../src/lib/clients/scopes.ts';
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
const authorize = makeAuthorize({ clients, telemetry });

beforeEach(() => {
  clients.add(hashOf(TOKEN), { clientId: 'shop', scopes: ['send'] });
  clients.add(hashOf('token-of-the-reader-01234'), { clientId: 'reader', scopes: ['read', 'admin'] });
  clients.add(hashOf('token-of-the-former-01234'), { clientId: 'former', scopes: ['send'], revokedAt: NOW });
});

describe('a token', () => {
  it("is accepted for its client when it has the route's scope", async () => {
    expect(await authorize(`Bearer ${TOKEN}`, SEND)).toEqual({ clientId: 'shop', scopes: ['send'] });
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

describe('a route', () => {
  it.each([
    [SEND, 'send'],
    [READ, 'read'],
    [SESSION, 'read'],
  ])('%s needs the scope %s and no other', (route, scope) => {
    const others = ['send', 'read', 'campaigns', 'Send', `${scope}s`, '*', ''].filter(
      (other) => other !== scope,
    );
    expect(mayUse(route, [scope])).toBe(true);
    expect(mayUse(route, others)).toBe(false);
    expect(mayUse(route, [])).toBe(false);
  });

  it.each(['$default', 'GET /v1/flows', 'POST /v1/flows/', 'constructor', '__proto__', 'toString', ''])(
    'with no rule is closed to every token: %s',
    (route) => {
      expect(mayUse(route, ['send', 'read', 'campaigns', 'admin'])).toBe(false);
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
