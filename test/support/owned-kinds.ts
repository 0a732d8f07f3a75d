/** Which kinds of items each function can write: what its built bundle says in calls of `owning` (ADR 036). */
import { readFileSync } from 'node:fs';
import { readStack } from '../../local/stack.ts';

const CALLS = /\.owning\(([^)]*)\)/g;
const LITERALS = /^"[a-z-]+#"(,"[a-z-]+#")*$/;

/** Prefixes of `pk` such as `message#`, sorted. Throws for a call whose kinds are no literals. */
export const kindsIn = (bundle: string): string[] => {
  const calls = [...bundle.matchAll(CALLS)].map(([, kinds = '']) => kinds);
  const unreadable = calls.filter((kinds) => !LITERALS.test(kinds));
  if (unreadable.length > 0) throw new Error(`kinds that are no literals: ${unreadable.join('; ')}`);
  return [...new Set(calls.flatMap((kinds) => JSON.parse(`[${kinds}]`) as string[]))].toSorted();
};

const bundleOf = (name: string): string =>
  readFileSync(new URL(`../../dist/${name}.cjs`, import.meta.url), 'utf8');

/** By the function's name in serverless.yml. */
export const ownedKinds = (): Map<string, string[]> =>
  new Map(Object.keys(readStack().functions).map((name) => [name, kindsIn(bundleOf(name))]));
