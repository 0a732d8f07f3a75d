/** The template that `serverless package` makes, as it would be deployed, without an AWS account. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readStack } from '../../local/stack.ts';
import { type Params, packageStage, type Stage } from '../support/serverless-package.ts';

export type Json = { [name: string]: unknown };
type Resource = {
  Type: string;
  Properties: Json;
  DeletionPolicy?: string;
  UpdatePolicy?: Json;
  DependsOn?: string | string[];
};
type Template = { Resources: Record<string, Resource>; Outputs: Record<string, { Value: unknown }> };

export type { Stage };
export type Packaged = { stage: Stage; template: Template; text: string };

/** In a directory of its own, since two of them at once get into each other's way. Bundles are of no account: they are empty. */
export const packageFor = async (stage: Stage, params: Params = {}): Promise<Packaged> => {
  const cwd = await mkdtemp(join(tmpdir(), 'lipaflow-policy-'));
  try {
    await mkdir(join(cwd, 'dist'));
    const bundles = Object.keys(readStack().functions).map((name) => join(cwd, 'dist', `${name}.cjs`));
    await Promise.all(bundles.map((bundle) => writeFile(bundle, '')));
    const out = await packageStage(stage, cwd, params);
    const text = await readFile(join(out, 'cloudformation-template-update-stack.json'), 'utf8');
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

/** The function that a value names, by itself or through its alias; otherwise the logical id in it. */
export const calledIn = ({ template }: Packaged, value: unknown): string => {
  const { Type, Properties } = template.Resources[idIn(value)] ?? {};
  return Type === 'AWS::Lambda::Alias' ? idIn(Properties?.['FunctionName']) : idIn(value);
};

/** `SweeperLambdaFunction` as `Sweeper`. */
export const functionNames = (packaged: Packaged): string[] =>
  ofType(packaged, 'AWS::Lambda::Function').map(([id]) => id.replace(/LambdaFunction$/, ''));

/** The logical id that a Ref or a GetAtt names. */
export const idIn = (value: unknown): string => {
  const { Ref, 'Fn::GetAtt': get } = value as { Ref?: string; 'Fn::GetAtt'?: [string, string] };
  return Ref ?? get?.[0] ?? '';
};
