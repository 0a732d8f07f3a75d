import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrivals, newCrowd, timesPerCustomer } from '../support/fleet/crowd.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet.stop());

describe('a crowd that writes in', () => {
  it('may be written to: each of them gets what is sent to them', async () => {
    const crowd = await newCrowd(fleet, 40);
    const items = await fleet.table.items();
    const known = new Set(items.map(({ pk }) => pk));
    for (const customer of crowd) expect(known).toContain(`session#${fleet.business}#${customer}`);
    const [first = '', last = ''] = [crowd[0], crowd.at(-1)];
    for (const to of [first, last]) expect((await fleet.send(fleet.flow({ to }))).status).toBe(201);
    const all = await arrivals(fleet);
    expect([...timesPerCustomer(all)]).toEqual([
      [first, 1],
      [last, 1],
    ]);
    expect(await arrivals(fleet, 1)).toEqual(all.slice(1));
    expect(Date.now() - (all[0]?.at ?? 0)).toBeLessThan(60_000);
  });
});
