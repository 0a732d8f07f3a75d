/** The units of a million sends in docs/cost.md, counted on one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itemSize, writeUnits } from '../support/capacity.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { ROOT } from '../support/readme.ts';

const page = readFileSync(join(ROOT, 'docs/cost.md'), 'utf8');

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet();
  // The token's client is read once a minute.
  await fleet.send(fleet.flow());
});
afterAll(() => fleet.stop());

/** The units of each write that `run` brings, in order, and how often it reads. */
const counted = async (run: () => Promise<unknown>) => {
  const [before] = (await fleet.aws.stream()).slice(-1);
  await fleet.aws.reset();
  await run();
  const after = before?.dynamodb?.SequenceNumber;
  const records = await fleet.aws.stream(after === undefined ? {} : { after });
  const { GetItem: reads = 0, PutItem: puts = 0 } = await fleet.aws.requests();
  return { writes: records.map(writeUnits), reads, puts };
};

describe('docs/cost.md', () => {
  it('has the units of a send, and of what is told of it', async () => {
    const flow = fleet.flow();
    const sent = await counted(() => fleet.send(flow));
    expect(sent).toMatchObject({ writes: [3, 6], reads: 1 });
    const told = [];
    for (const status of ['SENT', 'DELIVERED', 'READ'] as const)
      told.push(await counted(() => fleet.lipachat.report(flow.messageId, status)));
    expect(told).toMatchObject(told.map(() => ({ writes: [2], reads: 1 })));
    expect(page).toContain('| claim 3, settle 6, statuses 3 × 2 | DynamoDB | million write units | 15 |');
    expect(page).toContain('| the window, each status | DynamoDB | million read units | 4 |');
  });

  it('has the units of a repeat: one claim that fails, billed by what is stored', async () => {
    const flow = fleet.flow();
    await fleet.send(flow);
    expect(await counted(() => fleet.send(flow))).toMatchObject({ writes: [], puts: 1 });
    const stored = (await fleet.aws.dump()).find(({ pk }) => pk?.S === `message#${flow.messageId}`);
    expect(Math.ceil(itemSize(stored) / 1024)).toBe(2);
    expect(page).toMatch(/of an item under 2 KB \| DynamoDB \| million write units \| 2 \|/);
  });

  it('has the units of a flow that is parked', async () => {
    const flow = fleet.flow({ to: fleet.canaries.number() });
    const parked = await counted(() => fleet.send({ ...flow, whenClosed: 'park' }));
    expect(parked.writes.reduce((sum, units) => sum + units, 0)).toBe(8);
    expect(parked.reads).toBe(3);
    expect(page).toContain('| claim and park 8,');
  });
});
