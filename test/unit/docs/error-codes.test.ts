/** The facts about WhatsApp's codes: their page, their age, and what a schedule promises. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { factsReport, OLDEST_DAYS } from '../../../scripts/check-facts.ts';
import { errorCodesPage } from '../../../scripts/docs-error-codes.ts';
import { counted, pauseBefore, retryOf } from '../../../src/lib/messages/backoff.ts';
import {
  ERROR_CLASS_TEXTS,
  ERROR_CODE_TEXTS,
  FACTS_CHECKED_ON,
} from '../../../src/lib/whatsapp/error-code-texts.ts';
import {
  classOf,
  covers,
  ERROR_CLASSES,
  type ErrorClass,
  type Listed,
  scheduleOf,
} from '../../../src/lib/whatsapp/error-codes.ts';
import { ROOT } from '../../support/readme.ts';

describe('docs/error-codes.md', () => {
  it('is what the facts say: write it with `npm run docs:error-codes`', () => {
    expect(readFileSync(join(ROOT, 'docs/error-codes.md'), 'utf8')).toBe(errorCodesPage());
  });
});

describe('a fact about a code', () => {
  it('tells a person something in whole sentences, and names its source', () => {
    for (const { means, tell = 'Do it.', source } of ERROR_CODE_TEXTS) {
      expect(means).toMatch(/^[A-Z].*[^.]$/);
      expect(tell).toMatch(/^[A-Z].*\.$/);
      expect(source).toMatch(/./);
    }
    for (const { does, tell } of Object.values(ERROR_CLASS_TEXTS)) {
      expect(does).toMatch(/[^.]$/);
      expect(tell).toMatch(/\.$/);
    }
  });

  it('is there once for every code of a class, and for no other', () => {
    const numbers = Array.from({ length: 140_000 }, (_, code) => code);
    const textsOf = (code: number) => ERROR_CODE_TEXTS.filter((text) => covers(text.code, code)).length;
    expect(numbers.filter((code) => textsOf(code) !== (classOf(code) === undefined ? 0 : 1))).toEqual([]);
  });

  it('is of one class, and no class is without a code', () => {
    const ends = (code: Listed) => (typeof code === 'number' ? [code] : [code.from, code.to]);
    const classes = ERROR_CODE_TEXTS.map(({ code }) => new Set(ends(code).map(classOf)));
    expect(classes.filter(({ size }) => size !== 1)).toEqual([]);
    const used = new Set(classes.flatMap((names) => [...names]));
    expect([...used].toSorted()).toEqual(ERROR_CLASSES.toSorted());
  });
});

/** The pauses of a message that meets nothing but one class, in seconds. */
const pausesOf = (errorClass: ErrorClass): number[] => {
  const retry = retryOf(errorClass) ?? expect.fail();
  const pauses: number[] = [];
  let tried = {};
  for (;;) {
    const pause = pauseBefore(tried, retry);
    if (pause === undefined) return pauses;
    pauses.push(pause);
    tried = counted(tried, errorClass);
  }
};
const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);

describe('the schedule of a class', () => {
  it.each(ERROR_CLASSES.filter((name) => scheduleOf(name)))('is kept: %s', (name) => {
    const schedule = scheduleOf(name);
    const pauses = pausesOf(name);
    expect(pauses).toHaveLength(schedule?.maxTries ?? 0);
    expect(pauses[0]).toBeGreaterThanOrEqual(schedule?.firstSeconds ?? 0);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(Math.max(900, schedule?.longestSeconds ?? 0));
  });

  it('of what heals outlasts the three hours for which WhatsApp pauses a template', () => {
    const hours = sum(pausesOf('content-held')) / 3_600;
    expect(hours).toBeGreaterThan(5);
    expect(hours).toBeLessThan(7);
  });

  it('of what does not heal waits a day for a person, with few tries', () => {
    const pauses = pausesOf('content-blocked');
    expect(pauses.length).toBeLessThanOrEqual(4);
    expect(sum(pauses)).toBe(86_400);
  });
});

describe('npm run check:facts', () => {
  const daysAfter = (days: number) => new Date(Date.parse('2026-01-01') + days * 86_400_000);

  it.each([
    [0, false],
    [1, false],
    [OLDEST_DAYS, false],
    [OLDEST_DAYS + 1, true],
    [1_000, true],
  ])('after %i days', (days, isDue) => {
    const report = factsReport('2026-01-01', daysAfter(days));
    expect(report.isDue).toBe(isDue);
    expect(report.text).toContain(`${days} days ago`);
  });

  it('is due when the date cannot be read', () => {
    expect(factsReport('soon', daysAfter(0)).isDue).toBe(true);
  });

  it('prints, and fails only with --strict', () => {
    const run = (...more: string[]) =>
      spawnSync(process.execPath, [join(ROOT, 'scripts/check-facts.ts'), ...more], { encoding: 'utf8' });
    const { status, stdout } = run();
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining(FACTS_CHECKED_ON) });
    const { isDue } = factsReport(FACTS_CHECKED_ON, new Date());
    expect(run('--strict').status).toBe(isDue ? 1 : 0);
  });
});
