/** STOP and START over four processes, mixed, repeated and failing: one result, that of the later word. */
import { setTimeout as sleep } from 'node:timers/promises';
import pMap from 'p-map';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chanceFor } from '../support/fleet/chance.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { QUICK_QUEUES } from '../support/fleet/lanes.ts';

type Word = 'STOP' | 'START';
interface Post {
  readonly id: string;
  readonly word: Word;
  readonly timestamp?: number;
}
/** Bodies in the order in which they arrive, and the word that counts. */
interface Story {
  readonly bodies: readonly (readonly Post[])[];
  readonly last: Word;
}

const random = chanceFor('consent-orders');
const CUSTOMERS = 120;
const NOW_S = Math.floor(Date.now() / 1000) - 600;
let ids = 0;
const post = (timestamp?: number): Post => {
  ids += 1;
  const said = { id: `wamid.c${ids}`, word: random.pick<Word>(['STOP', 'START']) };
  return timestamp === undefined ? said : { ...said, timestamp };
};
const some = (make: (n: number) => Post): Post[] =>
  Array.from({ length: random.between(2, 5) }, (_, n) => make(n));
/** Repeats, each somewhere after its first arrival. */
const withRepeats = (posts: readonly Post[]): Post[][] => {
  const bodies = posts.map((one) => [one]);
  for (const one of posts) {
    const first = bodies.findIndex(([body]) => body === one);
    if (random.fraction() < 0.6) bodies.splice(random.between(first + 1, bodies.length), 0, [one]);
  }
  return bodies;
};
const lastOf = (posts: readonly Post[]): Word => posts.at(-1)?.word ?? 'START';

const STORIES: Record<string, () => Story> = {
  'without a time': () => {
    const posts = some(() => post());
    return { bodies: withRepeats(posts), last: lastOf(posts) };
  },
  'with times, in any order': () => {
    const posts = some((n) => post(NOW_S + n));
    const mixed = [...posts].sort(() => random.fraction() - 0.5);
    return { bodies: withRepeats(mixed), last: lastOf(posts) };
  },
  'in one body, with one time or none': () => {
    const timestamp = random.fraction() < 0.5 ? undefined : NOW_S;
    const posts = some(() => post(timestamp));
    return { bodies: [posts, posts], last: lastOf(posts) };
  },
  'with one time, in different bodies': () => {
    const posts = some(() => post(NOW_S));
    return { bodies: withRepeats(posts), last: lastOf(posts) };
  },
};

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({
    ownProcesses: true,
    counts: { webhook: 1, callbacks: 4 },
    queues: { ...QUICK_QUEUES, visibilityTimeoutSeconds: 10 },
    callbacks: { waitForEffects: false, duplicates: 0.3, duplicateWithinMs: 2_000 },
  });
});
afterAll(() => fleet.stop());

const tell = async (customer: string, { bodies }: Story): Promise<void> => {
  for (const body of bodies) {
    const entries = body.map(({ id, word, timestamp }) => ({
      messageId: id,
      from: customer,
      to: fleet.business,
      type: 'TEXT',
      text: word,
      ...(timestamp === undefined ? {} : { timestamp }),
    }));
    const response = await fetch(`${fleet.url}/v1/webhooks/lipachat/${fleet.webhookSecret}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(entries),
    });
    expect(response.status).toBe(200);
    await response.arrayBuffer();
    // Words that arrive in one millisecond are a tie, which STOP wins.
    await sleep(3);
  }
};

describe('STOP and START', () => {
  it('leave the later word, while calls to the store fail', { timeout: 180_000 }, async () => {
    const kinds = Object.keys(STORIES);
    const told = Array.from({ length: CUSTOMERS }, (_, n) => {
      const kind = kinds[n % kinds.length] ?? '';
      return {
        kind,
        customer: fleet.canaries.number(),
        story: STORIES[kind]?.() ?? { bodies: [], last: 'START' },
      };
    });
    // A failed record comes back later than the ones behind it.
    const fault = { fault: 'unavailable', probability: 0.4, times: null } as const;
    await fleet.aws.addFaults({ ...fault, target: 'PutItem', seed: 1 });
    await fleet.aws.addFaults({ ...fault, target: 'GetItem', seed: 2 });
    await pMap(told, ({ customer, story }) => tell(customer, story), { concurrency: 8 });
    await fleet.aws.clearFaults();
    await fleet.callbacks.drained(120_000);
    console.log(`consent-orders: ${JSON.stringify(fleet.callbacks.counts())}`);
    const wrong = [];
    for (const { kind, customer, story } of told) {
      const { json } = await fleet.call('GET', `/v1/sessions/${fleet.business}/${customer}`);
      const { optedOut } = json as { optedOut?: boolean };
      if (optedOut !== (story.last === 'STOP')) wrong.push({ kind, bodies: story.bodies, optedOut });
    }
    expect(wrong).toEqual([]);
  });
});
