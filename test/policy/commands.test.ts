/** A command that no test runs is wrong one day, and nobody notices. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STEPS, stepFor } from '../deploy/docs/steps.ts';
import { FOLLOWED, followed, NOT_RUN, PAGES, runnerOf, usesIn } from '../support/commands.ts';
import { opsHere } from '../support/ops.ts';
import { ROOT } from '../support/readme.ts';

const uses = PAGES.flatMap(usesIn);

describe('a command on a page', () => {
  it.each(PAGES)('is run by a test, or stands in a list with the reason why not: %s', (page) => {
    const unclaimed = usesIn(page).filter((use) => runnerOf(use) === undefined);
    expect(unclaimed.map(({ text }) => text)).toEqual([]);
  });

  it('is claimed by a file that is there', () => {
    const runners = new Set(uses.map((use) => runnerOf(use) ?? ''));
    runners.delete('nobody');
    expect([...runners].filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
    expect(runners.size).toBeGreaterThanOrEqual(5);
  });

  it('that is excused from being run still stands somewhere', () => {
    const texts = new Set(uses.map(({ text }) => text));
    expect([...NOT_RUN.keys()].filter((text) => !texts.has(text))).toEqual([]);
  });
});

describe('the pages that are followed on an emulated AWS', () => {
  const commands = FOLLOWED.flatMap((page) => followed(page, readFileSync(join(ROOT, page), 'utf8')));

  it('hold no command that their test does not know', () => {
    expect(commands.length).toBeGreaterThan(30);
    expect(commands.filter((text) => stepFor(text) === undefined)).toEqual([]);
  });

  it('hold every command that their test knows', () => {
    expect(
      STEPS.filter(([pattern]) => !commands.some((text) => pattern.test(text))).map(([pattern]) => pattern),
    ).toEqual([]);
  });
});

describe('npm run ops -- --help', () => {
  it('names every verb', async () => {
    const { exitCode, stdout } = await opsHere(['--help'], { env: {} });
    expect(exitCode).toBe(0);
    for (const verb of ['setup', 'client', 'webhook', 'dlq', 'message', 'session', 'table', 'doctor']) {
      expect(stdout).toContain(verb);
    }
  });
});
