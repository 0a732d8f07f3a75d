/**
 * An AWS emulator that we did not write: ministack, installed with pip in a virtual environment. ADR 018 explains
 * why.
 */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { scratchFolder } from './scratch.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const REGION = 'eu-west-1';
/** The keys of the account itself, which may do everything. */
export const CREDENTIALS = { accessKeyId: 'proof', secretAccessKey: 'proof' };

const HERE = join(ROOT, 'test/deploy/emulator');
const run = promisify(execFile);

/**
 * Installs the programs of requirements.txt unless this version of the file is installed. Resolves to their folder.
 */
export const installEmulator = async (): Promise<string> => {
  const wanted = await readFile(join(HERE, 'requirements.txt'));
  const hash = createHash('sha256').update(wanted).digest('hex').slice(0, 12);
  const folder = join(ROOT, '.cache', `deploy-proof-${hash}`);
  if (existsSync(join(folder, 'complete'))) return join(folder, 'bin');
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(ROOT, '.cache'), { recursive: true });
  await run('python3', ['-m', 'venv', folder], { timeout: 60_000 });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes'];
  const options = { timeout: 240_000, killSignal: 'SIGKILL' } as const;
  await run(join(folder, 'bin/python'), [...pip, '-r', join(HERE, 'requirements.txt')], options);
  // Written last and atomically: a folder without this file is an unfinished installation.
  await writeFile(join(folder, 'complete.tmp'), '');
  await rename(join(folder, 'complete.tmp'), join(folder, 'complete'));
  return join(folder, 'bin');
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

export type Emulator = {
  bin: string;
  port: number;
  url: string;
  /** PEM. Undefined without TLS. */
  certificate: string | undefined;
  certificatePath: string;
  /** Each refused call: the caller, the action and the resource. */
  refusals: () => Promise<string[]>;
  stop: () => Promise<void>;
};

type EmulatorOptions = {
  /** The environment of functions, besides their own settings. */
  environment?: (port: number) => Record<string, string>;
  /** True: TLS and IAM, and each call needs a permission. False: plain HTTP, and every caller may do everything. */
  strict: boolean;
};

const pathOf = (bin: string): string => [bin, join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(':');

/** Starts an emulator on a free port of 127.0.0.1. It ends with `stop`, or with this process, however that ends. */
export const startEmulator = async ({ environment, strict }: EmulatorOptions): Promise<Emulator> => {
  const bin = await installEmulator();
  const port = await freePort();
  const scratch = await mkdtemp(join(scratchFolder(), 'emulator-'));
  const logPath = join(scratch, 'emulator.log');
  const child = spawn(join(bin, 'python'), [join(HERE, 'launcher.py')], {
    cwd: scratch,
    // A process group of its own: functions are its children, and end with it.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      PATH: pathOf(bin),
      HOME: scratch,
      TMPDIR: scratch,
      PYTHONDONTWRITEBYTECODE: '1',
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_REGION: REGION,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      ...(strict ? { AUTH: 'true', USE_SSL: '1' } : {}),
      ...environment?.(port),
    },
  });
  const log = createWriteStream(logPath);
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    if (process.env['KEEP_LOG'])
      await (await import('node:fs/promises')).copyFile(logPath, process.env['KEEP_LOG']);
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    await ended;
  };
  const scheme = strict ? 'https' : 'http';
  const certificatePath = join(scratch, 'ministack-tls', 'server.crt');
  for (let tries = 0; !(await readFile(logPath, 'utf8').catch(() => '')).includes('Running on'); tries += 1) {
    if (tries > 150 || child.exitCode !== null) {
      await stop();
      throw new Error(`the emulator does not start: ${await readFile(logPath, 'utf8')}`);
    }
    await sleep(200);
  }
  const certificate = strict ? await readFile(certificatePath, 'utf8') : undefined;
  const refusals = async (): Promise<string[]> =>
    (await readFile(logPath, 'utf8')).split('\n').filter((line) => line.startsWith('refused: '));
  return { bin, port, url: `${scheme}://127.0.0.1:${port}`, certificate, certificatePath, refusals, stop };
};
