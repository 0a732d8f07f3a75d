import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readStack } from '../../local/stack.ts';

/* A cold start reads and compiles all of a bundle, so its size is a budget as good as any other. */

/** KB: what each bundle has, and a few per cent. */
const BUDGETS: Record<string, number> = {
  authorizer: 325,
  sendFlow: 745,
  readApi: 455,
  webhook: 325,
  callbacks: 530,
  contacts: 505,
  worker: 940,
  publisher: 295,
  sweeper: 615,
  campaigns: 790,
  campaignPlanner: 770,
  campaignTick: 765,
  docs: 125,
};

const dist = new URL('../../dist/', import.meta.url);
const bundle = (name: string) => readFileSync(new URL(`${name}.cjs`, dist));
const functions = Object.keys(readStack().functions);

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
