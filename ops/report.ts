/** A verb's result, its errors, and the process streams that it gets. */
import type { Readable, Writable } from 'node:stream';

export type Environment = Record<string, string | undefined>;

export type Io = {
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable & { isTTY?: boolean };
  stderr: Writable & { isTTY?: boolean };
  env: Environment;
};

export type Report = {
  /** Text output. */
  lines: readonly string[];
  /** The same as JSON. */
  data: unknown;
  /** The verb worked, but what it found needs attention: exit code 1. */
  faulty?: boolean;
};

/** An error in plain words, without secrets and phone numbers. */
export class OpsError extends Error {
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.name = 'OpsError';
    this.exitCode = exitCode;
  }
}

/** Wrong usage: exit code 2. */
export const misuse = (message: string): OpsError => new OpsError(message, 2);

/** A command to type next, with its stage. Without `--stage`, it would act on the default stage. */
export const command = (stage: string, verb: string): string => `\`npm run ops -- ${verb} --stage ${stage}\``;

/** What a terminal obeys instead of showing it: control characters, and marks that change the order of a line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for.
const UNSHOWN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A line with such characters as `\u001b`: texts of customers and of LipaChat may have any. */
export const printable = (line: string): string =>
  line.replace(UNSHOWN, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** The same for a text of several lines, JSON too: there the characters stand in strings only. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

/** Aligns rows in columns. The last column is not padded. */
export const columns = (rows: readonly (readonly string[])[]): string[] => {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  '),
  );
};

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
