/** Every command of the README is run here as it is printed, on free ports; what it promises has to happen. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readStack } from '../../local/stack.ts';
import { readConfig } from '../../src/lib/platform/config.ts';
import { lineAfter } from '../support/children.ts';
import { PAGES } from '../support/commands.ts';
import { freePort } from '../support/free-port.ts';
import { PATIENCE } from '../support/patience.ts';
import { blocksOf, type Command, commandsOf, newcomersEnvironment, ROOT, shell } from '../support/readme.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const readme = read('README.md');
const commands = commandsOf(readme);
const ci = read('.ci/run');

/** Commands that are not run, and why. */
const NOT_RUN = new Map([
  ['npx serverless deploy --stage prod', 'test/deploy/docs.test.ts runs it, on an emulated AWS'],
]);

const scratch = mkdtempSync(join(tmpdir(), 'lipaflow-readme-'));
const system = { api: '', simulator: '', aws: '', sqs: '' };
let running: ChildProcess | undefined;

/** npm and the system itself: as a terminal does it, the whole group. */
const signalAll = (signal: NodeJS.Signals): void => {
  if (running?.pid && running.exitCode === null && running.signalCode === null)
    process.kill(-running.pid, signal);
};

process.once('exit', () => signalAll('SIGKILL'));
afterAll(() => {
  signalAll('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
});

/** `npm start`, in a group of its own, until it says that it is ready. */
const start = async ({ text }: Command): Promise<void> => {
  const [awsPort, sqsPort] = [await freePort(), await freePort()];
  const ports = { PORT: '0', SIMULATOR_PORT: '0', AWS_PORT: String(awsPort), SQS_PORT: String(sqsPort) };
  const env = { ...newcomersEnvironment(), ...ports };
  const child = spawn('sh', ['-c', `exec env ${text}`], {
    cwd: ROOT,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running = child;
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    errors += part;
  });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`npm start ended: ${errors}`)));
  ended.catch(() => {});
  const words = (await Promise.race([lineAfter(child, 'ready '), ended])).split(' ');
  const named = (name: string): string =>
    words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  Object.assign(system, {
    api: named('api'),
    simulator: named('simulator'),
    aws: `http://127.0.0.1:${awsPort}`,
    sqs: `http://127.0.0.1:${sqsPort}`,
  });
  expect(named('token')).toBe('my-local-token');
};

const onFreePorts = (text: string): string =>
  text
    .replaceAll('http://127.0.0.1:3000', system.api)
    .replaceAll('http://127.0.0.1:4010', system.simulator)
    .replaceAll('http://127.0.0.1:4011', system.aws);

const curl =
  (...promises: (string | RegExp)[]) =>
  async ({ text }: Command): Promise<void> => {
    const output = await shell(onFreePorts(text));
    for (const promise of promises) expect(output).toMatch(promise);
  };

/** What the change stream brings is there a moment later. */
const soon =
  (run: (command: Command) => Promise<void>) =>
  (command: Command): Promise<void> =>
    vi.waitFor(() => run(command), { ...PATIENCE, interval: 200 });

/** The same line three times, with three answers. */
const sends = [
  curl('HTTP/1.1 409', '"code":"session-closed"'),
  curl('HTTP/1.1 201', '"status":"sent"', '"gateway":{'),
  curl('HTTP/1.1 201', /^idempotent-replayed: true/im),
];

const inCi = ({ text }: Command): void => {
  expect(ci).toContain(`sh -c '${text}'`);
};

/** The ports of stage `local` are fixed in serverless.yml, so they are put in their places. */
const invokeLocal = async ({ text }: Command): Promise<void> => {
  const elsewhere = `-e AWS_ENDPOINT_URL=${system.aws} -e LIPACHAT_BASE_URL=${system.simulator}/api/v1`;
  const output = await shell(`${text} ${elsewhere}`);
  expect(output).toMatch(/"statusCode": 201/);
  expect(output).toMatch(/"messageId": "6f1c2a44-9d0e-4b7c-8a55-3b1f0c9d7e21"/);
};

/** The customer of the send has written in, the two others have not: the campaign runs in the system itself. */
const invokeCampaign = async ({ text }: Command): Promise<void> => {
  const queues = ['CampaignQueue', 'PlanQueue', 'DeliveryQueue'].map((name) => [
    `${name.replace(/(?=Queue)/, '_').toUpperCase()}_URL`,
    `${system.sqs}/000000000000/${name}`,
  ]);
  const services = ['SQS', 'S3'].map((name) => [`AWS_ENDPOINT_URL_${name}`, system.sqs]);
  const all = [['AWS_ENDPOINT_URL', system.aws], ...services, ...queues];
  const output = await shell(`${text} ${all.map(([name, value]) => `-e ${name}=${value}`).join(' ')}`);
  expect(output).toMatch(/"statusCode": 201/);
  const headers = { authorization: 'Bearer my-local-token' };
  await vi.waitFor(
    async () => {
      const answer = await fetch(`${system.api}/v1/campaigns/share-details-2026-01`, { headers });
      expect(await answer.json()).toMatchObject({ state: 'completed', progress: { sent: 1, parked: 2 } });
    },
    { ...PATIENCE, interval: 200 },
  );
};

const build = async ({ text }: Command): Promise<void> => {
  const output = await shell(text);
  for (const name of Object.keys(readStack().functions)) expect(output).toContain(`dist/${name}.cjs`);
};

/** In a copy, since it writes to .serverless/ and another test may do so too. */
const packageStack = async ({ text }: Command): Promise<void> => {
  const copy = join(scratch, 'stack');
  for (const part of ['serverless.yml', 'package.json', 'infra', 'dist']) {
    cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  await shell(text, { cwd: copy });
  const template = join(copy, '.serverless', 'cloudformation-template-update-stack.json');
  expect(readFileSync(template, 'utf8')).toContain('/lipaflow/prod/lipachat/api-key');
};

/** The operator's commands, on the stage that runs here; `piped` is what goes into them. */
const operate = ({ text }: Command, piped = ''): Promise<string> => {
  const here = text.replace('--stage prod', '--stage local');
  expect(here).not.toBe(text);
  return shell(`printf %s "$PIPED" | ${here}`, {
    env: {
      PIPED: piped,
      AWS_ENDPOINT_URL: system.aws,
      AWS_ENDPOINT_URL_SQS: system.sqs,
      AWS_ENDPOINT_URL_S3: system.sqs,
      LIPACHAT_BASE_URL: `${system.simulator}/api/v1`,
    },
  });
};

const setUp = async (command: Command): Promise<void> => {
  const output = await operate(command, 'a-k3y-of-lipachat');
  expect(output).toMatch(/^apiKey +stored, \/lipaflow\/local\/lipachat\/api-key$/m);
  expect(output).toMatch(/^ {2}http\S+\/v1\/webhooks\/lipachat\//m);
  expect(output).not.toContain('a-k3y-of-lipachat');
};

/** The token that it prints is let in. */
const addClient = async (command: Command): Promise<void> => {
  const [, token = ''] = /^ {2}([0-9a-f]{64})$/m.exec(await operate(command)) ?? [];
  const headers = { authorization: `Bearer ${token}` };
  const post = await fetch(`${system.api}/v1/flows`, { method: 'POST', headers, body: '{}' });
  const get = await fetch(`${system.api}/v1/messages/not-there`, { headers });
  expect([post.status, get.status]).toEqual([400, 404]);
};

const examine = async (command: Command): Promise<void> => {
  expect(await operate(command)).toMatch(/^\d+ ok, 0 warnings, 0 faults$/m);
};

/** How each command is recognised, and what has to come of it. */
const KNOWN: [pattern: RegExp, run: (command: Command) => void | Promise<void>][] = [
  [/^npm (ci && npm (run demo|test)|run demo -- campaign)$/, inCi],
  [/ npm start$/, start],
  [/^curl .*\/v1\/flows /, (command) => sends.shift()?.(command) ?? expect.fail('one send too many')],
  [/^curl .*\/__sim\/customers\/.*\/flow-replies /, curl('"joined":true', '"status":200')],
  [/^curl .*\/__sim\/customers\/.*\/messages /, curl('"joined":true', '"status":200')],
  [/^curl .*\/__sim\/deliveries$/, curl(/^\[\{[^[]*\}\]$/, '"kind":"flow"')],
  [/^curl .*\/__sim\/messages\/.*\/status /, curl('"status":200')],
  [/^curl .*\/v1\/messages\//, curl('"status":"delivered"', '"reply":{', '"package":"home"', '"timeline":[')],
  [/^curl .*\/v1\/sessions\//, curl('"open":true')],
  [
    /^curl .*\/__aws\/events$/,
    soon(curl('"session.opened"', '"message.sent"', '"message.delivered"', '"flow.replied"')),
  ],
  [/^npx serverless invoke local -f sendFlow /, invokeLocal],
  [/^npx serverless invoke local -f campaigns /, invokeCampaign],
  [/^npm run build$/, build],
  [/^npx serverless package /, packageStack],
  [/^npm run ops -- setup /, setUp],
  [/^npm run ops -- client create /, addClient],
  [/^npm run ops -- doctor /, examine],
];

describe('the commands of the README, in order', () => {
  beforeAll(() => expect(commands.length).toBeGreaterThan(10));

  it.each(commands.map((command) => [command.text, command] as const))(
    '%s',
    async (text, command) => {
      if (NOT_RUN.has(text)) return;
      const [, run] = KNOWN.find(([pattern]) => pattern.test(text)) ?? [];
      if (!run) expect.fail(`no test knows this command: ${text}`);
      await run(command);
    },
    60_000,
  );

  it('end on Ctrl-C with exit code 0', async () => {
    if (!running) return expect.fail('npm start is not in the README');
    const ended = once(running, 'exit');
    signalAll('SIGINT');
    expect(await ended).toEqual([0, null]);
  });

  it('are all that this test expects', () => {
    const texts = commands.map(({ text }) => text);
    expect(KNOWN.filter(([pattern]) => !texts.some((text) => pattern.test(text)))).toEqual([]);
    expect([...NOT_RUN.keys()].filter((text) => !texts.includes(text))).toEqual([]);
    expect(sends).toEqual([]);
  });

  it('stand in ```sh blocks, or are named in the text after they stood there or in CI', () => {
    expect([...new Set(blocksOf(readme).map(({ language }) => language))].sort()).toEqual(['sh', 'text']);
    const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;
    const inText = [...readme.matchAll(/`((?:npm|npx|curl|aws|node) [^`]+)`/g)].map(([, text = '']) => text);
    const isRun = (text: string): boolean => ci.includes(text) || commands.some((c) => c.text.includes(text));
    const partsOf = (text: string): string[] =>
      text === 'npm run check' ? (scripts['check'] ?? '').split(' && ') : [text];
    expect(inText.flatMap(partsOf).filter((text) => !isRun(text))).toEqual([]);
  });
});

describe('the README', () => {
  const rowsOf = (heading: string): string[][] => {
    const section = readme.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
    const rows = section.split('\n').filter((line) => line.startsWith('| `'));
    return rows.map((row) => row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()));
  };
  const unquoted = (cell = ''): string => cell.replaceAll('`', '');

  it('has under 200 lines', () => {
    expect(readme.split('\n').length).toBeLessThan(200);
  });

  it('lists the settings with their defaults', () => {
    const table = 'lipaflow-table';
    const config: Record<string, unknown> = readConfig({
      TABLE_NAME: table,
      STAGE: '<stage>',
      DELIVERY_QUEUE_URL: 'https://sqs.example/1/queue',
      EVENT_BUS_NAME: 'lipaflow-bus',
      CAMPAIGN_QUEUE_URL: 'https://sqs.example/1/campaigns',
      PLAN_QUEUE_URL: 'https://sqs.example/1/plans',
      RECIPIENTS_BUCKET: 'lipaflow-recipients',
      DEFAULT_FROM: '254110090747',
      WEBHOOK_HMAC_PARAMETER: '/hmac',
    });
    const rows = rowsOf('Settings').map(([name, value]) => [unquoted(name), unquoted(value)] as const);
    const campaigns = ['CAMPAIGN_QUEUE_URL', 'PLAN_QUEUE_URL', 'RECIPIENTS_BUCKET'];
    const stack = ['TABLE_NAME', 'STAGE', 'DELIVERY_QUEUE_URL', 'EVENT_BUS_NAME', ...campaigns];
    const fromStack = Object.fromEntries(stack.map((name) => [name, 'from the stack']));
    const unset = { DEFAULT_FROM: 'unset', WEBHOOK_HMAC_PARAMETER: 'unset', NUMBERS_WITH_OWN_KEY: 'unset' };
    const texts = Object.fromEntries(Object.entries(config).map(([name, value]) => [name, String(value)]));
    expect(Object.fromEntries(rows)).toEqual({ ...texts, ...fromStack, ...unset });
  });

  it('lists the routes', () => {
    // Routes that belong together may share a row.
    const documented = rowsOf('API').flatMap(([routes]) => unquoted(routes).split(', '));
    expect(documented.sort()).toEqual(
      readStack()
        .routes.map((r) => `${r.method} ${r.path}`)
        .sort(),
    );
  });

  const anchorsOf = (page: string): string[] =>
    [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );
  const leadsSomewhere = (page: string, target: string, anchor: string): boolean => {
    const path = target === '' ? page : join(dirname(page), target);
    return existsSync(join(ROOT, path)) && (anchor === '' || anchorsOf(path).includes(anchor));
  };

  it.each(PAGES)('is one of the pages whose links lead to files and headings that are there: %s', (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:)([^)#]*)#?([^)]*)\)/g)];
    expect(
      links
        .filter(([, target = '', anchor = '']) => !leadsSomewhere(page, target, anchor))
        .map(([link]) => link),
    ).toEqual([]);
  });
});
