/** Loads the built functions into this process. */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LambdaFunction, LambdaHandler } from './lambda.ts';
import type { FunctionDefinition, Stack } from './stack.ts';

const require = createRequire(import.meta.url);
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Loads one bundle. It reads the environment on loading, so set that before.
 * Throws if the bundle is not built, or if its init throws.
 */
export const loadFunction = ({ name, handler, timeoutMs }: FunctionDefinition): LambdaFunction => {
  const dot = handler.lastIndexOf('.');
  const exportName = handler.slice(dot + 1);
  const file = resolve(ROOT, `${handler.slice(0, dot)}.cjs`);
  // A second system in one process has other settings, so it needs its own modules.
  delete require.cache[file];
  const loaded = (require(file) as Record<string, LambdaHandler | undefined>)[exportName];
  if (!loaded) throw new Error(`${file} has no export ${exportName}`);
  return { name, timeoutMs, handler: loaded };
};

/** Loads all functions of the stack, by name. */
export const loadFunctions = ({ functions }: Stack): Record<string, LambdaFunction> =>
  Object.fromEntries(Object.entries(functions).map(([name, definition]) => [name, loadFunction(definition)]));
