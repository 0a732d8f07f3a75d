import { describe, expect, it } from 'vitest';
import { checkClients } from '../../../ops/checks/clients.ts';
import type { RegisteredClient } from '../../../src/lib/clients/ports.ts';
import { manualClock } from '../../support/fakes/clock.ts';
import { NOW } from '../../support/fakes/samples.ts';

const DAY_MS = 86_400_000;
const inDays = (n: number) => new Date(NOW.getTime() + n * DAY_MS);
const space = (name: string) => ({ name, key: 'key' });

type Given = Partial<RegisteredClient> & { clientId: string };

const findings = (...given: Given[]) => findingsOn('prod', ...given);
const findingsOn = async (stage: string, ...given: Given[]) => {
  const tokens = given.map((one, n) => ({ scopes: ['send'], tokenHash: `${n}`, createdAt: NOW, ...one }));
  const clients = { list: () => Promise.resolve(tokens) };
  return (await checkClients({ clients, clock: manualClock(NOW) }, stage)).map(
    ({ state, says }) => `${state}: ${says}`,
  );
};

describe('the clients of a stage', () => {
  it('are in order, if there is one that may send', async () => {
    expect(await findings({ clientId: 'crm' })).toEqual(['ok: 1 may send']);
  });

  it('are not, if none may send: revoked and expired tokens do not count', async () => {
    const dead = [{ revokedAt: NOW }, { expiresAt: NOW }, { scopes: ['read'] }];
    for (const one of dead)
      expect(await findings({ clientId: 'crm', ...one })).toContain('fault: none may send');
    expect(await findings()).toEqual(['fault: none may send']);
  });

  it('are each limited, if there are several: to numbers, and to ids of their own', async () => {
    const numbers = ['254110090747'];
    expect(await findings({ clientId: 'a' }, { clientId: 'b' })).toEqual([
      'ok: 2 may send',
      'warning: without numbers of their own: a, b',
      'warning: with the same messageIds: a, b',
    ]);
    expect(
      await findings({ clientId: 'a', numbers, namespace: space('a') }, { clientId: 'b', numbers }),
    ).toEqual(['ok: 2 may send']);
    expect(await findings({ clientId: 'a' }, { clientId: 'b', revokedAt: NOW })).toEqual(['ok: 1 may send']);
    // The local system's own client has every right.
    expect(await findingsOn('local', { clientId: 'a' }, { clientId: 'local' })).toEqual(['ok: 2 may send']);
  });
});

describe('the end of a client’s last token', () => {
  const limited = (n: number) => findings({ clientId: 'crm', expiresAt: inDays(n) });

  it('is told from 14 days before, and after it', async () => {
    expect(await limited(15)).toEqual(['ok: 1 may send']);
    expect(await limited(14)).toContain(
      `warning: crm: its last token expires at ${inDays(14).toISOString()}`,
    );
    expect(await limited(-400)).toContain(
      `warning: crm: its last token has expired at ${inDays(-400).toISOString()}`,
    );
  });

  it('is not told of a token that another one has replaced, and of a client that was revoked', async () => {
    const old = { clientId: 'crm', expiresAt: inDays(1) };
    expect(await findings(old, { clientId: 'crm' })).toEqual(['ok: 1 may send']);
    expect(await findings(old, { clientId: 'crm', expiresAt: inDays(90) })).toEqual(['ok: 1 may send']);
    expect(await findings({ ...old, revokedAt: NOW }, { clientId: 'pos' })).toEqual(['ok: 1 may send']);
  });
});
