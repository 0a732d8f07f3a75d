/** What an operator can say of a client and its tokens, and what it then may do. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type System, startSystem } from '../../local/system.ts';
import { opsHere } from '../support/ops.ts';

const NUMBERS = ['254110090747', '254110090748'] as const;
const CUSTOMER = '254717746565';
type Created = { token: string; tokenId: string; namespace: string | null; expiresAt: string | null };
type Listed = Record<string, unknown> & { clientId: string; tokenId: string; expiresAt: string | null };

let system: System;
let env: Record<string, string>;

beforeAll(async () => {
  system = await startSystem({ PORT: '0', LOG_LEVEL: 'ERROR', POWERTOOLS_METRICS_DISABLED: 'true' });
  env = { AWS_ENDPOINT_URL: system.awsUrl, AWS_ENDPOINT_URL_SQS: system.sqsUrl };
});
afterAll(() => system.close());

const run = (line: string, input = '') => opsHere([...line.split(' '), '--stage', 'local'], { env, input });
const created = async (line: string): Promise<Created> =>
  (await run(`client create ${line} --json`)).json<Created>();
const listed = async (name: string): Promise<Listed[]> =>
  (await run('client list --json')).json<Listed[]>().filter(({ clientId }) => clientId === name);
const sessionOf = async (number: string, token: string): Promise<number> => {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${system.apiUrl}/v1/sessions/${number}/${CUSTOMER}`, { headers })).status;
};
const days = (n: number): number => n * 86_400_000;

describe('a client with numbers', () => {
  it('may use these, in any spelling, and gets messageIds of its own', async () => {
    const { token, namespace } = await created(
      'crm --scopes send,read --numbers +254-110-090747,254110090747',
    );
    expect(namespace).toBe('crm');
    expect([await sessionOf(NUMBERS[0], token), await sessionOf(NUMBERS[1], token)]).toEqual([200, 403]);
    const [shown] = await listed('crm');
    expect(shown).toMatchObject({
      numbers: ['254******747'],
      namespace: 'crm',
      expiresAt: null,
      sources: null,
    });
    expect((await run('client list --show-numbers')).stdout).toContain(NUMBERS[0]);
  });

  it('keeps them and its namespace with another token, unless that names others', async () => {
    const same = await created('crm --scopes read --another-token');
    expect([await sessionOf(NUMBERS[0], same.token), await sessionOf(NUMBERS[1], same.token)]).toEqual([
      200, 403,
    ]);
    const other = await created(`crm --scopes read --another-token --numbers ${NUMBERS[1]}`);
    expect(other.namespace).toBe('crm');
    expect([await sessionOf(NUMBERS[0], other.token), await sessionOf(NUMBERS[1], other.token)]).toEqual([
      403, 200,
    ]);
    const all = await created('crm --scopes read --another-token --numbers all');
    expect(all.namespace).toBe('crm');
    expect([await sessionOf(NUMBERS[0], all.token), await sessionOf(NUMBERS[1], all.token)]).toEqual([
      200, 200,
    ]);
  });

  it('shares its ids where it is told to, and the report says what that means', async () => {
    const { exitCode, stdout } = await run(
      `client create pos --scopes send --numbers ${NUMBERS[0]} --shared-ids`,
    );
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^pos may send, with 1 business number \(254\*{6}747\)\. Its token/);
    expect(stdout).toMatch(/^It shares its messageIds with all clients without a namespace.*use UUIDs/m);
    expect((await listed('pos'))[0]).toMatchObject({ namespace: null });
    const moved = await run('client create crm --scopes send --another-token --shared-ids');
    expect([moved.exitCode, moved.stderr]).toEqual([
      1,
      expect.stringMatching(/^crm is in the namespace crm/),
    ]);
  });

  it('does not fall into a namespace of its name that another client is in', async () => {
    await created('till-1 --scopes send --namespace till');
    const refused = await run(`client create till --scopes send --numbers ${NUMBERS[0]}`);
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/^till-1 is in the namespace till/),
    ]);
    expect(await created(`till --scopes send --numbers ${NUMBERS[0]} --namespace till`)).toMatchObject({
      namespace: 'till',
    });
  });
});

describe('an option', () => {
  it.each([
    '--numbers 12ab',
    '--numbers ,',
    `--numbers ${NUMBERS[0]},`,
    '--expires 0d',
    '--expires 90',
    '--expires yesterday',
    '--expires 2026-01-01',
    '--expires 2027-13-45',
    '--sources everywhere',
    '--sources 203.0.113.0/33',
    '--recipient-sources s3://crm-exports/whatsapp',
    '--recipient-sources crm-exports/whatsapp/',
    '--namespace a --shared-ids',
    '--namespace A',
  ])('%s is refused, and makes no client', async (option) => {
    const { exitCode, stdout } = await run(`client create nobody --scopes send ${option}`);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(await listed('nobody')).toEqual([]);
  });
});

describe('client rotate', () => {
  it('makes a token with the same rights and life, and ends the earlier ones after the overlap', async () => {
    const limits = '--sources 127.0.0.0/8 --recipient-sources s3://crm-exports/a/ --expires 90d';
    const first = await created(`bank --scopes read,consent --numbers ${NUMBERS[0]} ${limits}`);
    const before = Date.now();
    const second = (await run('client rotate bank --overlap 2h --json')).json<Created>();
    expect([await sessionOf(NUMBERS[0], first.token), await sessionOf(NUMBERS[0], second.token)]).toEqual([
      200, 200,
    ]);
    expect(await sessionOf(NUMBERS[1], second.token)).toBe(403);
    const [old, fresh] = await listed('bank');
    for (const right of ['scopes', 'numbers', 'namespace', 'sources', 'recipientSources'])
      expect([right, fresh?.[right]]).toEqual([right, old?.[right]]);
    const end = (shown: Listed | undefined) => new Date(shown?.expiresAt ?? 0).getTime() - before;
    expect(Math.round(end(old) / 60_000)).toBeCloseTo(120, -1);
    expect(Math.round(end(fresh) / days(1))).toBe(90);

    const third = (await run('client rotate bank --overlap 0h --expires 7d --json')).json<Created>();
    expect([await sessionOf(NUMBERS[0], third.token)]).toEqual([200]);
    expect(await sessionOf(NUMBERS[1], third.token)).toBe(403);
    const ends = (await listed('bank')).map(end);
    expect(ends.slice(0, 2).every((at) => at < days(1))).toBe(true);
    expect(Math.round((ends[2] ?? 0) / days(1))).toBe(7);
  });

  it('asks which token is meant if they may do different things, and for a client that has one', async () => {
    const first = await created('shop --scopes read');
    await created('shop --scopes send --another-token');
    const unclear = await run('client rotate shop');
    expect([unclear.exitCode, unclear.stderr]).toEqual([1, expect.stringMatching(/name the one.*--token/)]);
    const { stdout } = await run(`client rotate shop --token ${first.tokenId}`);
    expect(stdout).toMatch(/^shop may read\. Its new token/);
    expect((await run('client rotate no-one')).stderr).toMatch(/^there is no live client no-one/);
    expect((await run('client rotate shop --overlap soon')).exitCode).toBe(2);
  });
});

describe('client check', () => {
  let token: string;
  beforeAll(async () => {
    const rights = `--scopes send --numbers ${NUMBERS[0]} --sources 203.0.113.0/24 --expires 12h`;
    token = (await created(`checked ${rights}`)).token;
  });
  const verdict = async (options: string, given = token) => {
    const { exitCode, stdout, stderr } = await run(`client check --json ${options}`.trim(), given);
    expect(stdout + stderr).not.toContain(given);
    return [exitCode, (JSON.parse(stdout) as { verdict: string }).verdict];
  };

  it.each([
    ['', 'good'],
    [`--from ${NUMBERS[0]} --source 203.0.113.9`, 'good'],
    [`--from ${NUMBERS[1]}`, 'number'],
    ['--source 198.51.100.1', 'source'],
  ])('%s says that a token is %s', async (options, said) => {
    expect(await verdict(options)).toEqual([said === 'good' ? 0 : 1, said]);
  });

  it('knows the routes', async () => {
    const check = (route: string) =>
      opsHere(['client', 'check', '--route', route, '--stage', 'local'], { env, input: `Bearer ${token}\n` });
    expect(await check('POST /v1/flows')).toMatchObject({ exitCode: 0 });
    const { exitCode, stdout } = await check('DELETE /v1/opt-outs/{from}/{to}');
    expect([exitCode, stdout]).toEqual([
      1,
      expect.stringMatching(/^The token lacks the scope.*\n.*checked may send/),
    ]);
    expect(await check('POST /v1/flow')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('GET /v1/messages/{messageId}'),
    });
  });

  it('says that a token is unknown, revoked or expired', async () => {
    expect(await verdict('', 'x'.repeat(64))).toEqual([1, 'unknown']);
    const { token: gone } = await created('gone --scopes send');
    await run('client revoke gone');
    expect(await verdict('', gone)).toEqual([1, 'revoked']);
    const { token: ended } = await created('ended --scopes send');
    await run('client rotate ended --overlap 0h');
    expect(await verdict('', ended)).toEqual([1, 'expired']);
  });

  it('needs a token', async () => {
    expect(await run('client check')).toMatchObject({ exitCode: 2, stdout: '' });
  });
});
