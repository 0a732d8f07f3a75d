/** table count: the counts of a table, stored and compared. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { opsHere } from '../support/ops.ts';
import { type OpsWorld, startOpsWorld } from '../support/ops-world.ts';

const DAY = 86_400;
const now = Math.floor(Date.now() / 1000);
const CUSTOMER = '254717746565';
const folder = mkdtempSync(join(tmpdir(), 'lipaflow-counts-'));
const FILE = join(folder, 'before.json');

let world: OpsWorld;

const put = (item: object): Promise<unknown> =>
  world.dynamo.send(new PutItemCommand({ TableName: world.names.TABLE_NAME, Item: marshall(item) }));
const remove = (pk: string): Promise<unknown> =>
  world.dynamo.send(new DeleteItemCommand({ TableName: world.names.TABLE_NAME, Key: marshall({ pk }) }));
const count = (...args: string[]) =>
  opsHere(['table', 'count', '--stage', 'local', ...args], { env: world.env });

beforeAll(async () => {
  world = await startOpsWorld();
  const until = now + 30 * DAY;
  await put({ pk: `session#254110090747#${CUSTOMER}`, optedOut: true });
  await put({ pk: 'session#254110090747#254717746566', optedOut: false, expires: until });
  await put({ pk: 'message#m1', status: 'sent', to: CUSTOMER, expires: until });
  await put({ pk: 'message#m2', status: 'parked', expires: until });
  await put({ pk: 'message#m3', status: 'sent', expires: now + DAY / 2 });
  await put({ pk: 'campaign#c1', state: 'running', expires: until });
  await Promise.all(Array.from({ length: 40 }, (_, n) => put({ pk: `batch#c1#${n}`, expires: until })));
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});

describe('table count', () => {
  it('prints how many there are of each kind, and no number or id', async () => {
    const { exitCode, stdout } = await count();
    expect(exitCode).toBe(0);
    for (const line of [
      /^opt-outs +1$/m,
      /^sessions +2$/m,
      /^messages +2$/m,
      /^ {2}parked +1$/m,
      /^clients +1$/m,
    ])
      expect(stdout).toMatch(line);
    expect(stdout).toMatch(/^campaign batches +40$/m);
    expect(stdout).toMatch(/^Not counted: 1 item that expires before /m);
    expect(stdout).not.toMatch(/\d{9,}|m1|c1/);
  });

  it('stores them, and finds the same again', async () => {
    await count('--write', FILE);
    expect(JSON.parse(readFileSync(FILE, 'utf8'))).toMatchObject({
      version: 1,
      table: world.names.TABLE_NAME,
      counts: {
        'opt-outs': 1,
        messages: 2,
        'messages.proven': 1,
        'messages.sent': 1,
        'campaigns.running': 1,
      },
    });
    const { exitCode, stdout } = await count('--compare', FILE);
    expect(stdout).toMatch(/^the same counts$/m);
    expect(exitCode).toBe(0);
  });

  it('leaves out what expires before the next count, on both sides', async () => {
    await remove('message#m3');
    expect((await count('--compare', FILE)).stdout).toMatch(/^the same counts$/m);
  });

  it('shows what has gone on since, which is no fault', async () => {
    await put({ pk: 'message#m2', status: 'sent', expires: now + 30 * DAY });
    const { exitCode, stdout } = await count('--compare', FILE);
    expect(stdout).toMatch(/^changed {2}messages, parked: 1 before, 0 now$/m);
    expect(exitCode).toBe(0);
  });

  it('says what is missing, with exit code 1', async () => {
    await remove(`session#254110090747#${CUSTOMER}`);
    const { exitCode, stdout } = await count('--compare', FILE);
    expect(stdout).toMatch(/^missing {2}opt-outs: 1 of 1$/m);
    expect(stdout).toMatch(/^missing {2}sessions: 1 of 2$/m);
    expect(exitCode).toBe(1);
    const json = await count('--compare', FILE, '--json');
    expect(json.json()).toMatchObject({
      differences: expect.arrayContaining([{ name: 'opt-outs', before: 1, now: 0, missing: true }]),
    });
    expect(json.exitCode).toBe(1);
  });

  it('counts a table that is in no stack', async () => {
    const { exitCode, stdout } = await count('--table', world.names.TABLE_NAME);
    expect(stdout).toMatch(/^campaign batches +40$/m);
    expect(exitCode).toBe(0);
    const missing = await count('--table', 'lipaflow-restored');
    expect(missing).toMatchObject({
      exitCode: 1,
      stderr: 'there is no table lipaflow-restored in eu-west-1\n',
    });
  });

  it.each([
    ['there is none', join(folder, 'none.json'), undefined],
    ['it is another file', join(folder, 'other.json'), '{"version":2}'],
  ])('takes no file to compare with where %s', async (_, path, text) => {
    if (text !== undefined) writeFileSync(path, text);
    expect(await count('--compare', path)).toMatchObject({ exitCode: 2, stdout: '' });
  });
});
