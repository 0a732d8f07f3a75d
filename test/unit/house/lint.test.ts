/**
 * The lint rule that keeps the clock, random numbers and ids behind their ports. It must fail where it applies, and
 * nowhere else.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const REFUSED = [
  'export const a = new Date();',
  'export const a = Date.now();',
  'export const a = [0].map(Date.now);',
  'export const a = Math.random();',
  'export const a = performance.now();',
  'export const a = process.hrtime.bigint();',
  'export const a = crypto.randomUUID();',
  "import { randomUUID } from 'node:crypto';\nexport const a = randomUUID;",
  "import { randomBytes as bytes } from 'node:crypto';\nexport const a = bytes(8);",
  "import { setTimeout } from 'node:timers/promises';\nexport const a = setTimeout;",
];
const ALLOWED = [
  'export const a = new Date(0);',
  "import { createHash } from 'node:crypto';\nexport const a = createHash;",
];

let directory: string;
/** The files with an error from biome. */
let refused: Set<string>;

const lint = (): Promise<string> =>
  new Promise((resolve) => {
    const args = ['lint', '--vcs-enabled=false', '--max-diagnostics=none', '--reporter=github', '.'];
    execFile(join(ROOT, 'node_modules/.bin/biome'), args, { cwd: directory }, (_, stdout) => resolve(stdout));
  });

beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'lint-')));
  for (const path of ['biome.json', 'scripts/lint']) {
    await cp(join(ROOT, path), join(directory, path), { recursive: true });
  }
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), `${text}\n`);
  };
  for (const [n, text] of REFUSED.entries()) {
    for (const room of ['src/lib/messages', 'src/handlers', 'local']) await write(`${room}/no-${n}.ts`, text);
  }
  for (const [n, text] of ALLOWED.entries()) await write(`src/lib/messages/yes-${n}.ts`, text);
  const clock = REFUSED.slice(0, 7).map((text, n) => text.replace('const a', `const a${n}`));
  await write('src/lib/platform/clock.ts', clock.join('\n'));
  const found = await lint();
  refused = new Set(
    [...found.matchAll(/^::error .*?file=([^,]+),/gm)].map(([, file = '']) => relative(directory, file)),
  );
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('the lint rule of the ports', () => {
  it.each(REFUSED.map((text, n) => [text, n] as const))('refuses %j in src', (_, n) => {
    for (const room of ['src/lib/messages', 'src/handlers'])
      expect([...refused]).toContain(`${room}/no-${n}.ts`);
  });

  it('refuses nothing else, and nothing outside src', () => {
    expect([...refused].filter((file) => !/^src\/(lib\/messages|handlers)\/no-/.test(file))).toEqual([]);
  });
});
