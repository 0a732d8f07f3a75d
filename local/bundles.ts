/** Loads the built functions into this process. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFunction, constants } from 'node:vm';
import type { LambdaFunction, LambdaHandler } from './lambda.ts';
import type { FunctionDefinition, Stack } from './stack.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

type Exports = Record<string, LambdaHandler | undefined>;

/**
 * This process with credentials of the function's own, as Lambda gives it those of its role: the access key is its name, by
 * which the stand-in of DynamoDB knows what the role allows.
 */
const processOf = (name: string): NodeJS.Process => {
  const env = new Proxy(process.env, {
    get: (all, key: string) => (key === 'AWS_ACCESS_KEY_ID' ? name : all[key]),
  });
  return Object.create(process, { env: { value: env } }) as NodeJS.Process;
};

/** Runs the file as a module. A second system in one process has other settings, so nothing is cached. */
const run = (file: string, own: NodeJS.Process): Exports => {
  const module: { exports: Exports } = { exports: {} };
  const parameters = ['exports', 'require', 'module', '__filename', '__dirname', 'process'];
  const body = compileFunction(readFileSync(file, 'utf8'), parameters, {
    filename: file,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  Reflect.apply(body, module.exports, [
    ...[module.exports, createRequire(file), module, file, dirname(file)],
    own,
  ]);
  return module.exports;
};

/**
 * Loads one bundle. It reads the environment on loading, so set that before.
 * Throws if the bundle is not built, or if its init throws.
 */
export const loadFunction = ({ name, handler, timeoutMs }: FunctionDefinition): LambdaFunction => {
  const dot = handler.lastIndexOf('.');
  const exportName = handler.slice(dot + 1);
  const file = resolve(ROOT, `${handler.slice(0, dot)}.cjs`);
  const loaded = run(file, processOf(name))[exportName];
  if (!loaded) throw new Error(`${file} has no export ${exportName}`);
  return { name, timeoutMs, handler: loaded };
};

/** Loads all functions of the stack, by name. */
export const loadFunctions = ({ functions }: Stack): Record<string, LambdaFunction> =>
  Object.fromEntries(Object.entries(functions).map(([name, definition]) => [name, loadFunction(definition)]));
