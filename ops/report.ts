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
