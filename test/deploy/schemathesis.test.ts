/** openapi.yaml against the local system, with requests that schemathesis generates. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lineAfter, spawnChild, stopChildren, whenReady } from '../support/children.ts';
import { operations, read } from '../support/openapi.ts';
import { installEmulator, ROOT } from './emulator.ts';
import { removeScratch, scratchFolder } from './scratch.ts';

const run = promisify(execFile);
const FOLDER = join(ROOT, 'test/deploy/schemathesis');
/** The same requests each time. Another number gives other requests. */
const { SCHEMATHESIS_SEED: seed = '20260101' } = process.env;
const SECRETS = {
  LIPAFLOW_LOCAL_TOKEN: 'token-of-schemathesis',
  LIPAFLOW_LOCAL_WEBHOOK_SECRET: 'webhook-secret-of-schemathesis-0123456789',
};

type Report = {
  complete: boolean;
  operations: { selected: number; tested: number; errored: number; skipped: number };
  phases: Record<string, { status: string }>;
  test_cases: { generated: number };
  failures: unknown[];
  errors: unknown[];
};

let api: string;
let bin: string;
beforeAll(async () => {
  bin = await installEmulator();
  const child = spawnChild({ file: 'local/start.ts', env: { PORT: '0', ...SECRETS } });
  const line = await whenReady(child, lineAfter(child.process, 'ready '));
  api = /\bapi=(\S+)/.exec(line)?.[1] ?? '';
});
afterAll(async () => {
  await stopChildren();
  removeScratch();
});

const call = async (method: string, path: string, body?: object): Promise<Response> => {
  const headers = {
    authorization: `Bearer ${SECRETS.LIPAFLOW_LOCAL_TOKEN}`,
    'content-type': 'application/json',
  };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await fetch(`${api}/v1/${path}`, { method, headers, ...sent });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer;
};
const post = (path: string, body?: object) => call('POST', `campaigns${path}`, body);

/** Creates the campaigns that hooks.py names: no generated request would create them. */
const makeCampaigns = async (): Promise<void> => {
  const plain = { ...JSON.parse(read('examples/campaign.json')), recipients: undefined };
  await post('', { ...plain, campaignId: 'waits-for-its-file' });
  const inline = Array.from({ length: 500 }, (_, n) => ({
    to: String(254_717_000_000 + n),
    name: 'x',
    package: 'y',
  }));
  await post('', { ...plain, campaignId: 'runs-for-hours', recipients: { inline }, perMinute: 1 });
  await post('/runs-for-hours/plan');
  await post('/runs-for-hours/start');
};

/** An erasure that goes on without its caller, because there is a large file to search. Returns its id. */
const beginErasure = async (): Promise<string> => {
  const plain = JSON.parse(read('examples/campaign.json'));
  const inline = Array.from({ length: 900 }, (_, n) => ({
    to: String(254_718_000_000 + n),
    name: 'x'.repeat(200),
    package: 'y',
  }));
  await post('', { ...plain, campaignId: 'has-a-large-file', recipients: { inline } });
  const answer = await call('DELETE', `contacts/${plain.message.from}/254718000000`);
  expect(answer.status).toBe(202);
  return ((await answer.json()) as { erasureId: string }).erasureId;
};

/** The caller's own environment is not passed on. A virtual environment needs no activation. */
const schemathesis = async (
  description: string,
  args: readonly string[] = [],
  own: Readonly<Record<string, string>> = {},
) => {
  const scratch = scratchFolder();
  const [report, answers] = [join(scratch, 'report.json'), join(scratch, 'answers.json')];
  const config = ['--config-file', join(FOLDER, 'schemathesis.toml')];
  const output = ['--no-color', '--report', 'json', '--report-json-path', report];
  const env = {
    PATH: bin,
    HOME: scratch,
    ...SECRETS,
    ...own,
    SCHEMATHESIS_HOOKS: join(FOLDER, 'hooks.py'),
    LIPAFLOW_ANSWERS: answers,
  };
  const options = { cwd: scratch, env: { ...env, PYTHONDONTWRITEBYTECODE: '1' }, timeout: 300_000 };
  const command = [...config, 'run', description, '--url', api, '--seed', seed, ...output, ...args];
  const ended = await run(join(bin, 'schemathesis'), command, options).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => error,
  );
  return {
    code: ended.code,
    stdout: ended.stdout,
    report: JSON.parse(readFileSync(report, 'utf8')) as Report,
    answers: JSON.parse(readFileSync(answers, 'utf8')) as Record<string, number[]>,
  };
};

describe('schemathesis', () => {
  it('finds no failure, in any operation, in any of its phases', { timeout: 150_000 }, async () => {
    await makeCampaigns();
    const { code, stdout, report, answers } = await schemathesis(join(ROOT, 'openapi.yaml'), [], {
      LIPAFLOW_ERASURE: await beginErasure(),
    });
    expect(code, stdout).toBe(0);
    expect(report).toMatchObject({ complete: true, failures: [], errors: [] });
    const { size } = operations;
    expect(report.operations).toMatchObject({ selected: size, tested: size, errored: 0, skipped: 0 });
    const phases = Object.entries(report.phases).map(([phase, { status }]) => `${phase}: ${status}`);
    expect(phases).toEqual(
      ['examples', 'coverage', 'fuzzing', 'stateful'].map((phase) => `${phase}: success`),
    );
    expect(report.test_cases.generated).toBeGreaterThan(1000);
    const isThrough = (operation: string) =>
      answers[operation]?.some((status) => status >= 200 && status < 300);
    expect([...operations.keys()].filter((operation) => !isThrough(operation))).toEqual([]);
  });

  it('would find a response that is not as documented', async () => {
    const other = join(scratchFolder(), 'openapi.yaml');
    writeFileSync(other, read('openapi.yaml').replace('status: { const: ok }', 'status: { const: well }'));
    const only = ['--include-operation-id', 'readHealth', '--phases', 'fuzzing', '--max-examples', '2'];
    const { code, stdout } = await schemathesis(other, only);
    expect([code, stdout]).toEqual([1, expect.stringContaining('Response violates schema')]);
  });
});
