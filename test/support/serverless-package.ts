/** `serverless package`, as a deployment runs it, without an AWS account. */
import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export type Stage = 'dev' | 'prod';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
/** Nothing of the caller's own: no credentials, no settings. */
const { PATH = '', HOME = '' } = process.env;
const ENV = { PATH, HOME, AWS_EC2_METADATA_DISABLED: 'true' };

/** Params beside those of the stage. */
export type Params = Readonly<Record<string, string>>;

/**
 * Packages what `cwd` has in `dist/`, and returns the directory of the template and of one ZIP per function. Each
 * call needs a `cwd` of its own, because serverless writes its state there.
 */
export const packageStage = async (stage: Stage, cwd: string, params: Params = {}): Promise<string> => {
  for (const part of ['serverless.yml', 'package.json', 'infra']) {
    await cp(join(ROOT, part), join(cwd, part), { recursive: true });
  }
  const cli = join(ROOT, 'node_modules/.bin/serverless');
  const given = Object.entries(params).flatMap(([name, value]) => ['--param', `${name}=${value}`]);
  await run(cli, ['package', '--stage', stage, '--package', 'out', ...given], { cwd, env: ENV });
  return join(cwd, 'out');
};
