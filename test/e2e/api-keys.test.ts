/** The apiKey as a person leaves it in the parameter store, over the built functions. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { processOf } from '../support/fleet/steps.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet({ settings: { SECRET_CACHE_SECONDS: '0' } });
});
beforeEach(() => store((key) => key));
afterAll(() => fleet.stop());

const store = (written: (key: string) => string) =>
  fleet.aws.setParameter(fleet.environment.API_KEY_PARAMETER, written(fleet.apiKey));

describe('an apiKey with something around it', () => {
  it.each<[string, (key: string) => string]>([
    ['a line feed', (key) => `${key}\n`],
    ['a CRLF', (key) => `${key}\r\n`],
    ['blanks and tabs', (key) => ` \t${key}\t `],
    ['empty lines', (key) => `\n\n${key}\n\n`],
    ['a byte order mark', (key) => `\ufeff${key}`],
    ['a no-break space', (key) => `${key}\u00a0`],
  ])('is used without it: %s', async (_, written) => {
    await store(written);
    expect(await fleet.send(fleet.flow())).toMatchObject({ status: 201 });
  });
});

describe('an apiKey that LipaChat cannot accept', () => {
  it.each<[string, (key: string) => string]>([
    ['a line feed within', (key) => `${key}\n${key}`],
    ['a CRLF within', (key) => `${key}\r\nx-other: 1`],
    ['a NUL at its end', (key) => `${key}\0`],
    ['a control character', (key) => `${key}\u001b`],
    ['letters beyond Latin-1', (key) => `${key}ключ`],
    ['an emoji', (key) => `${key}🔑`],
    ['a zero-width space', (key) => `\u200b${key}`],
    ['a Latin-1 letter', (key) => `${key}é`],
    ['a blank within', (key) => `${key.slice(0, 9)} ${key.slice(9)}`],
    ['quotes', (key) => `"${key}"`],
    ['blanks only', () => ' \n'],
  ])('gives 503 gateway-credentials, and the id stays free: %s', async (_, written) => {
    await store(written);
    // A process that never had a good key.
    const fresh = await fleet.spawn('sendFlow');
    const flow = fleet.flow();
    const answer = await fleet.sendThrough(fresh, flow);
    expect(answer).toMatchObject({ status: 503, json: { code: 'gateway-credentials' } });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(await fleet.table.message(flow.messageId)).toBeUndefined();
    await store((key) => key);
    const mended = await fleet.spawn('sendFlow');
    expect(await fleet.sendThrough(mended, flow)).toMatchObject({ status: 201 });
    expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
  });

  it('does not stop a process that has had a good one', async () => {
    const worker = processOf(fleet, 'sendFlow');
    await store(() => ' ');
    expect(await fleet.sendThrough(worker, fleet.flow())).toMatchObject({ status: 201 });
  });
});
