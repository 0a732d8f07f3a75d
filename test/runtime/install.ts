/**
 * Installs what `npm run test:runtime` needs, unless it is there: aws-lambda-ric, AWS's runtime client, which compiles
 * curl and itself, and aws-lambda-rie, AWS's emulator of Lambda around it, a Go program. Both are pinned: by
 * package-lock.json beside this file and by emulator/go.mod. Exits 1 and names what the machine lacks.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CLIENT, EMULATOR } from './places.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const MODULE = 'github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie';
/** Each tool, and the Debian package that has it. Debian 12's Go is too old to fetch the version in go.mod. */
const TOOLS = new Map([
  ['cmake', 'cmake'],
  ['c++', 'g++'],
  ['make', 'make'],
  ['python3', 'python3'],
  ['xz', 'xz-utils'],
  ['unzip', 'unzip'],
  ['go', 'Go 1.21 or later'],
]);

const fail = (reason: string): never => {
  console.error(`npm run test:runtime: ${reason}`);
  process.exit(1);
};

const run = (command: string, args: string[], env: Record<string, string> = {}): void => {
  const { status } = spawnSync(command, args, {
    cwd: HERE,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (status !== 0) fail(`${command} ${args[0]} failed`);
};

const isOnPath = (tool: string): boolean =>
  (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, tool)));

/** Whether `built` is newer than the file that pins its version. */
const isCurrent = (built: string, pin: string): boolean =>
  existsSync(built) && statSync(built).mtimeMs >= statSync(join(HERE, pin)).mtimeMs;

if (process.platform !== 'linux') fail('the runtime client is built for Linux only');
const missing = [...TOOLS].filter(([tool]) => !isOnPath(tool)).map(([, name]) => name);
if (missing.length > 0) fail(`install ${missing.join(', ')} first`);

if (!isCurrent(CLIENT.native, 'package-lock.json')) {
  // The headers of the Node that runs it; node-gyp would download them.
  const node = join(dirname(process.execPath), '..');
  const hasHeaders = existsSync(join(node, 'include/node/node_api.h'));
  // It has to be compiled, unlike all that `npm ci` installs for the project.
  run('npm', ['ci', '--ignore-scripts=false'], hasHeaders ? { npm_config_nodedir: node } : {});
}
if (!isCurrent(EMULATOR, 'emulator/go.sum')) {
  mkdirSync(dirname(EMULATOR), { recursive: true });
  run('go', ['build', '-C', 'emulator', '-o', EMULATOR, MODULE]);
}
