/**
 * Lambda freezes a process between two invocations. What runs on after an answer is left out of src
 * altogether.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../../../', import.meta.url);

const files = readdirSync(new URL('src', ROOT), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => join('src', file));

const using = (words: RegExp): string[] =>
  files.filter((file) => words.test(readFileSync(new URL(file, ROOT), 'utf8')));

describe('the code of the functions', () => {
  it('waits for all that it has begun: platform/all-ended.ts', () => {
    expect(using(/Promise\.all\(|from 'p-map'/)).toEqual(['src/lib/platform/all-ended.ts']);
  });

  it('has time limits that end with the call: platform/time-limit.ts', () => {
    expect(using(/AbortSignal\.timeout\(/)).toEqual([]);
  });

  it('defers nothing to a later turn of the event loop', () => {
    expect(using(/setImmediate|setInterval|queueMicrotask/)).toEqual([]);
  });
});
