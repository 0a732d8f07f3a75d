import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lineAfter, spawnChild, stopChildren, whenReady } from '../support/children.ts';
import { createCanaries, foundIn } from '../support/fleet/canaries.ts';
import { createLipaChat, type LipaChat } from '../support/fleet/lipachat.ts';
import { callJson } from '../support/json-http.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
/** The whole environment of the command line: no AWS account, no credentials, nothing of the caller's own. */
const { PATH = '', HOME = '' } = process.env;
const BARE = { PATH, HOME, AWS_EC2_METADATA_DISABLED: 'true' };

const serverless = (args: string[], env: Record<string, string> = {}) =>
  run('npx', ['serverless', ...args], { cwd: ROOT, env: { ...BARE, ...env } });

const scratch = mkdtempSync(join(tmpdir(), 'lipaflow-package-'));
afterAll(async () => {
  await stopChildren();
  rmSync(scratch, { recursive: true });
});

type Ports = { api: number; simulator: number; aws: number };

const DEFAULT_PORTS: Ports = { api: 3000, simulator: 4010, aws: 4011 };

const freePort = async (wanted: number): Promise<number | undefined> => {
  const server = createServer();
  try {
    server.listen(wanted, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  } catch {
    return undefined;
  } finally {
    server.close();
  }
};

/** The ports of stage `local`, or others if a developer's own system uses those. */
const choosePorts = async (): Promise<Ports> => {
  const free = await Promise.all(Object.values(DEFAULT_PORTS).map(freePort));
  if (!free.includes(undefined)) return DEFAULT_PORTS;
  const [api = 0, simulator = 0, aws = 0] = await Promise.all([0, 0, 0].map(freePort));
  return { api, simulator, aws };
};

/** Empty for the ports of stage `local`: then the command is the one in the README. */
const elsewhere = ({ simulator, aws }: Ports): string[] =>
  simulator === DEFAULT_PORTS.simulator
    ? []
    : [
        ...['--env', `LIPACHAT_BASE_URL=http://127.0.0.1:${simulator}/api/v1`],
        ...['--env', `AWS_ENDPOINT_URL=http://127.0.0.1:${aws}`],
      ];

describe('serverless invoke local', () => {
  let ports: Ports;
  let lipachat: LipaChat;

  beforeAll(async () => {
    ports = await choosePorts();
    const { api, simulator, aws } = ports;
    const env = { PORT: String(api), SIMULATOR_PORT: String(simulator), AWS_PORT: String(aws) };
    const child = spawnChild({ file: 'local/start.ts', env });
    await whenReady(child, lineAfter(child.process, 'ready '));
    const control = `http://127.0.0.1:${simulator}/__sim`;
    lipachat = createLipaChat({
      control: (method, path, body) => callJson(method, `${control}/${path}`, body),
    });
  });

  it('sends the example through the running local system', async () => {
    await lipachat.writeIn('254717746565', { to: '254110090747', text: 'join lipaflow' });
    const command = 'invoke local -f sendFlow --path examples/send-flow.json --stage local'.split(' ');
    const { stdout } = await serverless([...command, ...elsewhere(ports)]);
    const example: { messageId: string } = JSON.parse(
      readFileSync(join(ROOT, 'examples/send-flow.json'), 'utf8'),
    );
    const answer: unknown = JSON.parse(stdout.slice(stdout.indexOf('{\n    "statusCode"')));
    expect(answer).toMatchObject({
      statusCode: 201,
      body: { messageId: example.messageId, status: 'sent', gateway: { status: 'success' } },
    });
    expect(await lipachat.deliveries(example.messageId)).toHaveLength(1);
  });
});

describe('serverless package', () => {
  const canaries = createCanaries();
  const numbers = [canaries.number(), canaries.number()];
  let written: Record<string, string>;

  beforeAll(async () => {
    // The packager's own settings: none of them may end up in the deployment.
    await serverless(['package', '--package', scratch], {
      LIPAFLOW_LOCAL_API_KEY: canaries.apiKey,
      LIPAFLOW_LOCAL_WEBHOOK_SECRET: canaries.webhookSecret,
      LIPAFLOW_LOCAL_TOKEN: canaries.secret('token'),
      DEFAULT_FROM: numbers[0] ?? '',
    });
    const files = readdirSync(scratch);
    written = Object.fromEntries(files.map((name) => [name, readFileSync(join(scratch, name), 'latin1')]));
  });

  it('works without an AWS account, and packs one bundle a function', () => {
    const archives = Object.keys(written).filter((name) => name.endsWith('.zip'));
    expect(archives.toSorted()).toEqual(
      readdirSync(join(ROOT, 'dist'))
        .filter((name) => name.endsWith('.cjs'))
        .map((name) => name.replace(/cjs$/, 'zip'))
        .toSorted(),
    );
    for (const archive of archives) {
      const packed = [...(written[archive] ?? '').matchAll(/[\w./-]+\.cjs/g)].map(([name]) => name);
      expect(new Set(packed)).toEqual(new Set([`dist/${archive.replace(/zip$/, 'cjs')}`]));
    }
  });

  it('puts no secret and no phone number into the template', () => {
    const templates = Object.entries(written).filter(([name]) => name.endsWith('.json'));
    expect(templates.length).toBeGreaterThanOrEqual(2);
    for (const [, template] of templates) {
      expect(foundIn(template, [...canaries.secrets, ...numbers])).toEqual([]);
    }
    const [, template = ''] = templates.find(([name]) => name.includes('update-stack')) ?? [];
    expect(template).not.toMatch(/254\d{9}/);
    expect(template).toContain('AWS::DynamoDB::Table');
  });

  it('puts no secret and no phone number into a bundle', () => {
    const bundles = readdirSync(join(ROOT, 'dist')).filter((file) => file.endsWith('.cjs'));
    expect(bundles).toContain('sendFlow.cjs');
    for (const name of bundles) {
      const bundle = readFileSync(join(ROOT, 'dist', name), 'latin1');
      expect(foundIn(bundle, [...canaries.secrets, ...numbers, '254110090747', '254717746565'])).toEqual([]);
    }
  });
});
