/** The template that `serverless package` makes, as it would be deployed, without an AWS account. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readStack } from '../../local/stack.ts';

export type Json = { [name: string]: unknown };
type Resource = { Type: string; Properties: Json; DeletionPolicy?: string };
type Template = { Resources: Record<string, Resource>; Outputs: Record<string, { Value: unknown }> };
export type Stage = 'dev' | 'prod';
export type Packaged = { stage: Stage; template: Template; text: string };

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
/** Nothing of the caller's own: no credentials, no settings. */
const { PATH = '', HOME = '' } = process.env;
const ENV = { PATH, HOME, AWS_EC2_METADATA_DISABLED: 'true' };

/** In a directory of its own, since two of them at once get into each other's way. Bundles are of no account: they are empty. */
export const packageFor = async (stage: Stage): Promise<Packaged> => {
  const cwd = await mkdtemp(join(tmpdir(), 'lipaflow-policy-'));
  try {
    for (const part of ['serverless.yml', 'package.json', 'infra']) {
      await cp(join(ROOT, part), join(cwd, part), { recursive: true });
    }
    await mkdir(join(cwd, 'dist'));
    const bundles = Object.keys(readStack().functions).map((name) => join(cwd, 'dist', `${name}.cjs`));
    await Promise.all(bundles.map((bundle) => writeFile(bundle, '')));
    const cli = join(ROOT, 'node_modules/.bin/serverless');
    await run(cli, ['package', '--stage', stage, '--package', 'out'], { cwd, env: ENV });
    const text = await readFile(join(cwd, 'out/cloudformation-template-update-stack.json'), 'utf8');
    return { stage, template: JSON.parse(text) as Template, text };
  } finally {
    await rm(cwd, { recursive: true });
  }
};

/** All resources of a type, by their logical ids. */
export const ofType = ({ template }: Packaged, type: string): [id: string, properties: Json][] =>
  Object.entries(template.Resources)
    .filter(([, { Type }]) => Type === type)
    .map(([id, { Properties }]) => [id, Properties]);

/** `SweeperLambdaFunction` as `Sweeper`. */
export const functionNames = (packaged: Packaged): string[] =>
  ofType(packaged, 'AWS::Lambda::Function').map(([id]) => id.replace(/LambdaFunction$/, ''));

/** The logical id that a Ref or a GetAtt names. */
export const idIn = (value: unknown): string => {
  const { Ref, 'Fn::GetAtt': get } = value as { Ref?: string; 'Fn::GetAtt'?: [string, string] };
  return Ref ?? get?.[0] ?? '';
};
