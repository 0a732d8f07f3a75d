import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readStack } from '../../local/stack.ts';

/* A cold start reads and compiles all of a bundle, so its size is a budget as good as any other. */

/** KB: what each bundle has, and a few per cent. */
const BUDGETS: Record<string, number> = {
  authorizer: 300,
  sendFlow: 765,
  readApi: 450,
  webhook: 325,
  callbacks: 550,
  contacts: 745,
  worker: 955,
  publisher: 295,
  sweeper: 630,
  campaigns: 790,
  campaignPlanner: 745,
  campaignTick: 765,
  docs: 125,
};

const dist = new URL('../../dist/', import.meta.url);
const bundle = (name: string) => readFileSync(new URL(`${name}.cjs`, dist));
const functions = Object.keys(readStack().functions);

type Packed = { handler: string; package: { patterns: string[] } };
const { functions: packed } = parse(
  readFileSync(new URL('../../serverless.yml', import.meta.url), 'utf8'),
) as { functions: Record<string, Packed> };

/** What lies in a directory with the bundle's own name. */
const shadows = ({ handler, package: { patterns } }: Packed): string[] => {
  const directory = `${handler.slice(0, handler.lastIndexOf('.'))}/`;
  return patterns.filter((pattern) => pattern.startsWith(directory));
};

describe('a bundle', () => {
  it.each(functions)('of %s is within its budget', (name) => {
    expect(bundle(name).byteLength).toBeLessThan((BUDGETS[name] ?? 0) * 1024);
  });

  it('is there for each function, and for nothing else', () => {
    const built = readdirSync(dist).filter((file) => file.endsWith('.cjs'));
    expect(built.toSorted()).toEqual(functions.map((name) => `${name}.cjs`).toSorted());
  });

  // Names that stand in the code of what is to be left out, and survive minification.
  it.each([
    ['the search for credentials that Lambda never has', 'sso_session'],
    ['fetch and its kin', 'text/event-stream'],
    ['the errors of AWS that no code of ours tells apart', 'ParameterPatternMismatchException'],
    ["zod's way to JSON Schema", 'json-schema.org'],
  ])('holds nothing of %s', (_, mark) => {
    expect(functions.filter((name) => bundle(name).includes(mark))).toEqual([]);
  });

  it('holds the numbering plan only where numbers are read', () => {
    const readers = functions.filter((name) => bundle(name).includes('country_calling_codes'));
    const handlers = [
      'sendFlow',
      'readApi',
      'callbacks',
      'contacts',
      'worker',
      'campaigns',
      'campaignPlanner',
      'campaignTick',
    ];
    expect(readers.toSorted()).toEqual(handlers.toSorted());
  });
});

// Lambda's loader imports the handler's path without an extension first: beside `dist/docs.cjs`, a directory
// `dist/docs/` ends in ERR_UNSUPPORTED_DIR_IMPORT before the function has started.
describe('a package', () => {
  it.each(['.cjs', '.mjs'])('has each %s file that was built for its function, and no other', (extension) => {
    const built = readdirSync(dist).filter((file) => file.endsWith(extension));
    const found = Object.entries(packed).flatMap(
      ([
        name,
        {
          package: { patterns },
        },
      ]) => patterns.filter((pattern) => pattern.endsWith(extension)).map((pattern) => ({ name, pattern })),
    );
    const wanted = built.map((file) => ({ name: file.slice(0, -extension.length), pattern: `dist/${file}` }));
    expect(found).toHaveLength(wanted.length);
    expect(found).toEqual(expect.arrayContaining(wanted));
  });

  it('has no directory with the name of its bundle', () => {
    const found = Object.entries(packed).map(([name, one]) => [name, shadows(one)]);
    expect(found).toEqual(functions.map((name) => [name, []]));
  });

  it('with such a directory would be noticed', () => {
    const patterns = ['dist/docs.cjs', 'dist/docs/*.gz'];
    expect(shadows({ handler: 'dist/docs.handler', package: { patterns } })).toEqual(['dist/docs/*.gz']);
  });
});
