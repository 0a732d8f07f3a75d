/** The simulated runs of docs/capacity.md, and its picture. */
import { exec } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { picture, withParts } from '../../scripts/docs-capacity.ts';
import { commandsOf, ROOT } from '../support/readme.ts';

const read = (file: string): string => readFileSync(join(ROOT, 'docs', file), 'utf8');

describe('docs/capacity.md', () => {
  it('has the figures of its runs: write it with `npm run docs:capacity`', () => {
    const page = read('capacity.md');
    expect(withParts(page, ['full load', 'changes'])).toBe(page);
  });

  it('has a command that simulates the reader’s own load', async () => {
    const commands = commandsOf(read('capacity.md')).map(({ text }) => text);
    expect(commands).toEqual([expect.stringMatching(/^npm run simulate -- --sends \d+/)]);
    const { stdout } = await promisify(exec)(commands.join(), { cwd: ROOT });
    expect(stdout).toMatch(/^no loss: yes$/m);
    expect(stdout).toMatch(/^callbacks' age p99 under 60 s: yes$/m);
  });

  it('shows the picture of its run', () => {
    expect(read('capacity.svg')).toBe(picture());
  });
});
