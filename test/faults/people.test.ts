/** People by number, by user id and by both over four processes, repeated and failing: each is one person. */
import pMap from 'p-map';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chanceFor } from '../support/fleet/chance.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { QUICK_QUEUES } from '../support/fleet/lanes.ts';

type Named = 'number' | 'id' | 'both';
interface Entry {
  readonly named: Named;
  readonly text: 'hello' | 'STOP';
}
interface Person {
  readonly number: string;
  readonly id: string;
  readonly entries: readonly Entry[];
}

const random = chanceFor('people');
const PEOPLE = 100;
let fleet: Fleet;
let admin: string;
let ids = 0;

beforeAll(async () => {
  fleet = await startFleet({
    ownProcesses: true,
    counts: { webhook: 1, callbacks: 4, contacts: 1 },
    queues: { ...QUICK_QUEUES, visibilityTimeoutSeconds: 10 },
    callbacks: { waitForEffects: false, duplicates: 0.3, duplicateWithinMs: 2_000 },
  });
  admin = await fleet.newClient(['admin']);
});
afterAll(() => fleet.stop());

const newPerson = (n: number): Person => {
  const entries = Array.from({ length: random.between(1, 5) }, () => ({
    named: random.pick<Named>(['number', 'id', 'both']),
    text: random.pick<Entry['text']>(['hello', 'hello', 'hello', 'STOP']),
  }));
  entries.splice(random.between(0, entries.length), 0, { named: 'both', text: 'hello' });
  return { number: fleet.canaries.number(), id: `KE.77${String(n).padStart(4, '0')}`, entries };
};

const tell = async ({ number, id, entries }: Person): Promise<void> => {
  for (const { named, text } of entries) {
    ids += 1;
    const from = named === 'id' ? undefined : number;
    const userId = named === 'number' ? undefined : id;
    const value = {
      metadata: { display_phone_number: fleet.business, phone_number_id: '1' },
      contacts: [{ wa_id: from, user_id: userId }],
      messages: [{ from, from_user_id: userId, id: `wamid.p${ids}`, type: 'text', text: { body: text } }],
    };
    const response = await fetch(`${fleet.url}/v1/webhooks/lipachat/${fleet.webhookSecret}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ entry: [{ changes: [{ field: 'messages', value }] }] }),
    });
    expect(response.status).toBe(200);
    await response.arrayBuffer();
  }
};

const keysOf = async (texts: readonly string[]): Promise<string[]> =>
  (await fleet.table.items())
    .filter((item) => texts.some((text) => JSON.stringify(item).includes(text)))
    .map(({ pk }) => pk);

describe('a person', () => {
  it('has one session, one opt-out and one erasure, while calls to the store fail', {
    timeout: 180_000,
  }, async () => {
    const people = Array.from({ length: PEOPLE }, (_, n) => newPerson(n));
    const fault = { fault: 'unavailable', probability: 0.3, times: null } as const;
    await fleet.aws.addFaults({ ...fault, target: 'PutItem', seed: 1 });
    await fleet.aws.addFaults({ ...fault, target: 'GetItem', seed: 2 });
    await fleet.aws.addFaults({ ...fault, target: 'DeleteItem', seed: 3 });
    await pMap(people, tell, { concurrency: 8 });
    await fleet.aws.clearFaults();
    await fleet.callbacks.drained(120_000);
    console.log(`people: ${JSON.stringify(fleet.callbacks.counts())}`);

    const wrong = [];
    for (const { number, id, entries } of people) {
      const isStopped = entries.some(({ text }) => text === 'STOP');
      for (const name of [number, id]) {
        const { json } = await fleet.call('GET', `/v1/sessions/${fleet.business}/${name}`);
        const { open, optedOut } = json as { open?: boolean; optedOut?: boolean };
        if (!open || optedOut !== isStopped) wrong.push({ name, entries, open, optedOut });
      }
    }
    expect(wrong).toEqual([]);

    // A copy that failed halfway after the other was handled is not delivered again. The next callback tidies up (ADR 026).
    await pMap(people, ({ number, id }) => tell({ number, id, entries: [{ named: 'id', text: 'hello' }] }), {
      concurrency: 8,
    });
    await fleet.callbacks.drained(120_000);
    for (const { number, id } of people) {
      const expected = [`person#${fleet.business}#${id}`, `session#${fleet.business}#${number}`];
      expect((await keysOf([number, id])).sort()).toEqual(expected);
    }

    const erase = async ({ number, id }: Person) => {
      const path = `/v1/contacts/${fleet.business}/${random.pick([number, id])}`;
      return (await fleet.call('DELETE', path, { token: admin })).status;
    };
    const erased = await pMap(people, erase, { concurrency: 10 });
    expect(new Set(erased)).toEqual(new Set([204]));
    expect(await keysOf(people.flatMap(({ number, id }) => [number, id]))).toEqual([]);
  });
});
