/** What `sendFlow` does while nobody has called it yet. */
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { stopChildren } from '../support/children.ts';
import { httpEvent } from '../support/http-event.ts';
import { type StandIns, spawnStandIns } from '../support/stand-ins.ts';
import { spawnWorker } from '../support/worker.ts';

let standIns: StandIns;
beforeEach(async () => {
  await stopChildren();
  standIns = await spawnStandIns();
});
afterAll(stopChildren);

const puts = async () => (await standIns.aws.requests())['PutItem'] ?? 0;
const rehearsed = () => vi.waitFor(async () => expect(await puts()).toBeGreaterThanOrEqual(3), 5_000);
const refusal = httpEvent({ method: 'POST', path: '/v1/flows', body: {} });

describe('the rehearsal of a send', () => {
  it('leaves nothing in the table, and calls nobody', async () => {
    await spawnWorker('sendFlow', standIns.environment);
    await rehearsed();
    expect(await standIns.aws.dump()).toEqual([]);
    expect(await standIns.aws.stream()).toEqual([]);
    expect(await standIns.simulator.control('GET', 'requests')).toEqual([]);
  });

  it('is nobody’s fault where the store is down', async () => {
    await standIns.aws.addFaults({ target: '*', fault: 'reset', times: null });
    const worker = await spawnWorker('sendFlow', standIns.environment);
    await rehearsed();
    await standIns.aws.clearFaults();
    expect((await worker.invoke(refusal)).statusCode).toBe(400);
    expect(worker.output()).not.toMatch(/unhandled|rejection/i);
  });
});
