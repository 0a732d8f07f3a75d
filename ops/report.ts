/** What a verb gives back, what it may refuse, and what it gets of the process around it. */
import type { Readable, Writable } from 'node:stream';

export type Environment = Record<string, string | undefined>;

export type Io = {
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable & { isTTY?: boolean };
  stderr: Writable & { isTTY?: boolean };
  env: Environment;
};

export type Report = {
  /** For people. */
  lines: readonly string[];
  /** The same for machines. */
  data: unknown;
  /** The verb did its work, and what it found is not as it should be. */
  faulty?: boolean;
};

/** A refusal in plain words. No secret and no phone number goes into it. */
export class OpsError extends Error {
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.name = 'OpsError';
    this.exitCode = exitCode;
  }
}

/** The command was given in a wrong way. */
export const misuse = (message: string): OpsError => new OpsError(message, 2);

/** A command to type next, with the stage that it is about: without one it would be another stage's. */
export const command = (stage: string, verb: string): string => `\`npm run ops -- ${verb} --stage ${stage}\``;

/** Rows in columns; the last column is as wide as it is. */
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
