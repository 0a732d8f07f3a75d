/**
 * Every packaged function starts under AWS's runtime client, with the memory of serverless.yml and the options that
 * Lambda's bootstrap gives to Node, and answers one real event.
 */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readStack } from '../../local/stack.ts';
import { stopChildren } from '../support/children.ts';
import { packageStage } from '../support/serverless-package.ts';
import { type Lambda, startLambda } from './lambda.ts';
import { openWorld, SAMPLES } from './samples.ts';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
const run = promisify(execFile);
const { functions } = readStack();
const names = Object.keys(functions);

let world: Awaited<ReturnType<typeof openWorld>>;
let folder = '';
let packages = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lipaflow-runtime-'));
  await cp(DIST, join(folder, 'dist'), { recursive: true });
  packages = await packageStage('dev', folder);
  world = await openWorld();
});
afterAll(async () => {
  await stopChildren();
  await rm(folder, { recursive: true });
});

/** Unzips the package of a function into a directory of its own. */
const unzip = async (name: string): Promise<string> => {
  const task = await mkdtemp(join(folder, `${name}-`));
  await run('unzip', ['-q', join(packages, `${name}.zip`), '-d', task]);
  return task;
};

const start = (name: string, task: string): Promise<Lambda> => {
  const definition = functions[name];
  if (!definition) throw new Error(`serverless.yml has no function ${name}`);
  const env = { ...world.environment, ...definition.environment };
  return startLambda({ ...definition, task, env });
};

describe('a packaged function', () => {
  it.each(names)('starts and answers: %s', async (name) => {
    const prepare = SAMPLES[name];
    if (!prepare) throw new Error(`test/runtime/samples.ts has no event for ${name} of serverless.yml`);
    const { event, answer, effect } = await prepare(world);
    const lambda = await start(name, await unzip(name));
    try {
      expect(await lambda.invoke(event), lambda.output()).toMatchObject(answer);
      await effect?.();
    } finally {
      await lambda.stop();
    }
  });

  it('is in serverless.yml for each sample', () => {
    expect(Object.keys(SAMPLES).filter((name) => !names.includes(name))).toEqual([]);
  });

  // dist/sendFlow.handler is both files', and the loader looks for .mjs before .cjs.
  it('is loaded as the module that rehearses: sendFlow', async () => {
    const task = await unzip('sendFlow');
    const module = join(task, 'dist/sendFlow.mjs');
    const source = await readFile(module, 'utf8');
    await writeFile(module, source.replace('await rehearse()', "console.log('rehearsed', await rehearse())"));
    const lambda = await start('sendFlow', task);
    try {
      await lambda.invoke(await SAMPLES['sendFlow']?.(world));
      expect(lambda.output()).toMatch(/rehearsed \[[^\]]*'PutItem'[^\]]*'sendFlow'/);
      expect(lambda.output()).not.toContain('rehearsal.failed');
    } finally {
      await lambda.stop();
    }
  });

  // Lambda's loader tries the handler's path without an extension first, and imports the directory.
  it('does not start beside a directory with the name of its bundle', async () => {
    const task = await unzip('docs');
    await rename(join(task, 'dist/docs-files'), join(task, 'dist/docs'));
    const lambda = await start('docs', task);
    try {
      const answer = await lambda.invoke(await SAMPLES['docs']?.(world));
      expect(answer).toMatchObject({
        errorMessage: expect.stringMatching(/^Directory import .* not supported/),
      });
      expect(lambda.output()).toContain('ERR_UNSUPPORTED_DIR_IMPORT');
    } finally {
      await lambda.stop();
    }
  });
});
