/** A copy of the deployed files that a test may change: serverless.yml, infra/ and the bundles. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './emulator.ts';
import { scratchFolder } from './scratch.ts';

export type CliResult = { code: number; output: string };

const CLI = join(ROOT, 'node_modules/serverless/bin/serverless.js');
/** The limit of one command. osls waits for as long as the stack takes. */
const LIMIT_MS = 180_000;

export const createService = (variables: Record<string, string>) => {
  const folder = mkdtempSync(join(scratchFolder(), 'service-'));
  for (const part of ['serverless.yml', 'infra', 'dist']) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  }
  const path = (file: string): string => join(folder, file);
  const { PATH = '' } = process.env;
  const env = { PATH, HOME: folder, SLS_AWS_MONITORING_FREQUENCY: '250', ...variables };

  return {
    path,

    /** Runs `npx serverless <args>`, for stage `proof` unless the arguments name another. */
    serverless: (...args: string[]): Promise<CliResult> =>
      new Promise((resolve) => {
        const stage = args.includes('--stage') ? [] : ['--stage', 'proof'];
        const options = { cwd: folder, env, timeout: LIMIT_MS, killSignal: 'SIGKILL' } as const;
        execFile(process.execPath, [CLI, ...args, ...stage], options, (error, stdout, stderr) => {
          resolve({ code: error ? Number(error.code ?? 1) : 0, output: `${stdout}${stderr}` });
        });
      }),

    /** Changes a file of the copy. Throws if the file does not contain `find`. */
    change: (file: string, find: string | RegExp, replacement: (found: string) => string): void => {
      const text = readFileSync(path(file), 'utf8');
      const changed = text.replace(find, replacement);
      if (changed === text) throw new Error(`${file} does not say: ${find}`);
      writeFileSync(path(file), changed);
    },

    /** Restores a file from the tree. */
    restore: (file: string): void => cpSync(join(ROOT, file), path(file)),
  };
};
