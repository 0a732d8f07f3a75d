/** table copy: what one table knows and another does not, without anything that would be sent again. */
import { CreateTableCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTable } from '../../local/aws/table.ts';
import { makeClientRegistry } from '../../src/lib/clients/dynamo-client-registry.ts';
import { makeMessageStore } from '../../src/lib/messages/dynamo-messages.ts';
import type { Message } from '../../src/lib/messages/message.ts';
import { systemClock, systemRandom } from '../../src/lib/platform/clock.ts';
import { makeTable } from '../../src/lib/platform/dynamo-table.ts';
import { makeErasedOptOutStore } from '../../src/lib/sessions/dynamo-erased-opt-outs.ts';
import { makeErasureMarker } from '../../src/lib/sessions/dynamo-erasure-marker.ts';
import { makeSessionStore } from '../../src/lib/sessions/dynamo-sessions.ts';
import { makeErasureKey } from '../../src/lib/sessions/erasure-key.ts';
import type { PhoneNumber } from '../../src/lib/whatsapp/phone.ts';
import { afterConsent } from '../../src/lib/whatsapp/session-window.ts';
import { BUSINESS, idOf, later, sampleMessage } from '../support/fakes/samples.ts';
import { fakeSecret } from '../support/fakes/secret.ts';
import { opsHere } from '../support/ops.ts';
import { type OpsWorld, startOpsWorld } from '../support/ops-world.ts';

const KEY = makeErasureKey(fakeSecret('the key of both stages'), systemClock);
const [OLD, NEW] = ['lipaflow-prod-Table-OLD', 'lipaflow-prod-restored'];

let world: OpsWorld;

const pairWith = (customer: string) => ({ business: BUSINESS, customer: customer as PhoneNumber });

const open = (tableName: string) => {
  const client = world.dynamo;
  const table = makeTable({ client, tableName, clock: systemClock, random: systemRandom });
  return {
    messages: makeMessageStore(table),
    sessions: makeSessionStore(table),
    erased: makeErasedOptOutStore(table, { marker: makeErasureMarker(table, KEY), random: systemRandom }),
    clients: makeClientRegistry(table),
    put: (item: object) => client.send(new PutItemCommand({ TableName: tableName, Item: marshall(item) })),
  };
};
const copy = (...args: string[]) =>
  opsHere(['table', 'copy', '--stage', 'local', '--from', OLD, '--to', NEW, ...args], { env: world.env });
const counts = async (kinds: string) =>
  (await copy('--kinds', kinds, '--json')).json<Record<string, unknown>>();

const message = (id: string, fields: Partial<Message>): Message =>
  sampleMessage({
    messageId: idOf(id),
    lease: undefined,
    dueAt: undefined,
    expiresAt: later(3_600, new Date()),
    ...fields,
  });

beforeAll(async () => {
  world = await startOpsWorld();
  for (const name of [OLD, NEW]) await world.dynamo.send(new CreateTableCommand(readTable(name)));
});
afterAll(() => world.close());

describe('table copy', () => {
  it('carries over sends, and leaves what waits and what is newer', async () => {
    const [old, here] = [open(OLD), open(NEW)];
    const both = async (id: string, theirs: Partial<Message>, ours: Partial<Message>) => {
      await old.messages.create(message(id, theirs));
      await here.messages.create(message(id, ours));
    };
    await old.messages.create(message('sent-in-the-gap', { status: 'sent', epoch: 1 }));
    await old.messages.create(message('claimed-in-the-gap', { status: 'unknown', epoch: 1 }));
    await old.messages.create(message('waits', { status: 'parked', epoch: 0 }));
    // It was sent and failed for now. It may have gone out again since.
    const answer = { kind: 'sent', body: '{}' } as const;
    await old.messages.create(message('waits-again', { status: 'queued', epoch: 2, answer }));
    await both('released-in-the-gap', { status: 'sent', epoch: 1 }, { status: 'parked', epoch: 0 });
    await both('settled-in-the-gap', { status: 'delivered', epoch: 1 }, { status: 'sending', epoch: 1 });
    await both('sent-again-here', { status: 'sent', epoch: 1 }, { status: 'queued', epoch: 2 });
    await both('delivered-here', { status: 'sent', epoch: 1 }, { status: 'delivered', epoch: 1 });
    await old.put({ pk: 'campaign#c1', state: 'running' });
    await old.put({ pk: 'batch#c1#0' });

    expect(await counts('sends')).toEqual({ sends: { created: 2, merged: 2, kept: 2 } });

    const statusOf = async (id: string) => (await here.messages.get(idOf(id)))?.value.status;
    expect(await statusOf('sent-in-the-gap')).toBe('sent');
    expect(await statusOf('claimed-in-the-gap')).toBe('unknown');
    expect(await statusOf('waits')).toBeUndefined();
    expect(await statusOf('waits-again')).toBeUndefined();
    expect(await statusOf('released-in-the-gap')).toBe('sent');
    expect(await statusOf('settled-in-the-gap')).toBe('delivered');
    expect(await statusOf('sent-again-here')).toBe('queued');
    expect(await statusOf('delivered-here')).toBe('delivered');
    const counted = await opsHere(['table', 'count', '--stage', 'local', '--table', NEW], { env: world.env });
    expect(counted.stdout).toMatch(/^campaigns +0$/m);
  });

  it('changes nothing when it is run again', async () => {
    expect(await counts('sends')).toEqual({ sends: { created: 0, merged: 0, kept: 6 } });
  });

  it('carries over opt-outs into sessions that are there, unless the customer opted in again later', async () => {
    const [old, here] = [open(OLD), open(NEW)];
    const at = (seconds: number) => later(seconds, new Date('2026-11-01T00:00:00Z'));
    const out = (customer: string, seconds: number) =>
      afterConsent({ pair: pairWith(customer) }, { optedOut: true, at: at(seconds) });
    await old.sessions.create(out('254700000001', 10));
    await old.sessions.create(out('254700000002', 10));
    await old.sessions.create(out('254700000003', 10));
    await old.sessions.create({ pair: pairWith('254700000004'), paceUntil: later(60, new Date()) });
    const paceUntil = later(60, new Date());
    await here.sessions.create({ pair: pairWith('254700000002'), paceUntil });
    await here.sessions.create(afterConsent(out('254700000003', 5), { optedOut: false, at: at(20) }));
    await old.erased.remember(pairWith('254700000005'), at(1));

    // The hash of the erased opt-out and its key come along.
    expect(await counts('opt-outs')).toEqual({ 'opt-outs': { created: 3, merged: 1, kept: 1 } });

    const consentOf = async (customer: string) =>
      (await here.sessions.get(pairWith(customer)))?.value.consent?.optedOut;
    expect(await consentOf('254700000001')).toBe(true);
    expect(await consentOf('254700000002')).toBe(true);
    expect((await here.sessions.get(pairWith('254700000002')))?.value.paceUntil).toEqual(paceUntil);
    expect(await consentOf('254700000003')).toBe(false);
    expect(await here.sessions.get(pairWith('254700000004'))).toBeUndefined();
    expect(await open(NEW).erased.find(pairWith('254700000005'))).toMatchObject({ at: at(1) });
  });

  it('carries over clients, and revocations', async () => {
    const [old, here] = [open(OLD), open(NEW)];
    const client = { clientId: 'crm', scopes: ['send'], createdAt: new Date() };
    for (const tokenHash of ['a'.repeat(64), 'b'.repeat(64), 'c'.repeat(64)])
      await old.clients.add({ ...client, tokenHash });
    await here.clients.add({ ...client, tokenHash: 'b'.repeat(64) });
    await here.clients.add({ ...client, tokenHash: 'c'.repeat(64) });
    await old.clients.revoke('b'.repeat(64), new Date());
    expect(await counts('clients')).toEqual({ clients: { created: 1, merged: 1, kept: 1 } });
    const live = (await here.clients.list()).filter(({ revokedAt }) => !revokedAt);
    expect(live.map(({ tokenHash }) => tokenHash[0]).toSorted()).toEqual(['a', 'c']);
  });

  it('carries over the end of a token, the earlier one of two', async () => {
    const [old, here] = [open(OLD), open(NEW)];
    const [soon, late] = [new Date(Date.now() + 3_600_000), new Date(Date.now() + 7_200_000)];
    const client = { clientId: 'pos', scopes: ['send'], createdAt: new Date() };
    for (const [letter, there, ours] of [
      ['1', soon, undefined],
      ['2', soon, late],
      ['3', late, soon],
      ['4', undefined, soon],
    ] as const) {
      await old.clients.add({ ...client, tokenHash: letter.repeat(64), expiresAt: there });
      await here.clients.add({ ...client, tokenHash: letter.repeat(64), expiresAt: ours });
    }
    expect(await counts('clients')).toMatchObject({ clients: { created: 0, merged: 2 } });
    const pos = (await here.clients.list()).filter(({ clientId }) => clientId === 'pos');
    expect(pos.map(({ expiresAt }) => expiresAt)).toEqual([soon, soon, soon, soon]);
  });

  it('leaves out the kinds that it was not asked for, and what has expired', async () => {
    const { messages } = open(OLD);
    await messages.create(message('expired', { status: 'sent', expiresAt: later(-60, new Date()) }));
    expect(await counts('clients,sends')).toMatchObject({ sends: { created: 0 }, clients: { created: 0 } });
    const unknown = await copy('--kinds', 'campaigns');
    expect(unknown).toMatchObject({
      exitCode: 2,
      stderr: 'there is no kind campaigns; there are opt-outs, clients, sends\n',
    });
  });

  it('stops where both tables hash erased opt-outs with keys of their own', async () => {
    await open(NEW).put({ pk: 'salt#forgotten', proof: 'another', rev: 'r' });
    const { exitCode, stderr } = await copy('--kinds', 'opt-outs');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('hashes erased opt-outs with a key of its own');
    expect(stderr).not.toContain('another');
  });
});
