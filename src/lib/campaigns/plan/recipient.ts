/** The column with the recipient's number. */
export const NUMBER_COLUMN = 'to';

/** The end of a record: the offset of its line break in the file as UTF-8, decompressed, and the line that it ends. */
export interface Place {
  readonly offset: number;
  readonly line: number;
}

export interface CsvHeader {
  /** A column without a name is ''. */
  readonly names: readonly string[];
  readonly delimiter: string;
}

/** Where a later reading goes on: behind a record, with the header of a CSV file. */
export interface ResumePoint {
  readonly place: Place;
  readonly header?: CsvHeader | undefined;
}

/** The records of a recipients file, in order. Reasons never quote a cell. */
export type RawRow =
  | { readonly kind: 'header'; readonly columns: readonly string[]; readonly csv?: CsvHeader }
  | {
      readonly kind: 'row';
      /** The line on which the record starts, from 1. */
      readonly line: number;
      readonly columns: Readonly<Record<string, string>>;
      readonly end: Place;
    }
  | { readonly kind: 'bad'; readonly line: number; readonly reason: string; readonly end: Place };

/** What a recipients file may be, so that no file costs more than its size suggests. docs/campaigns.md names them. */
export interface FileLimits {
  /** Of the file, and of what it holds unzipped. S3 takes as much in one PUT. */
  readonly bytes: number;
  /** How many times its size a gzip file may unzip to. Rows with a kilobyte of the same text reach 110, junk 1,000. */
  readonly ratio: number;
  /** A small file of few different rows may have any ratio. */
  readonly ratioFrom: number;
  /** Rows in all: accepted, invalid and duplicate ones. */
  readonly rows: number;
  /** The rejected rows that are kept. The others are only counted. */
  readonly rejectedKept: number;
}

export const FILE_LIMITS: FileLimits = {
  bytes: 5 * 1024 ** 3,
  ratio: 200,
  ratioFrom: 64 * 1024,
  rows: 6_000_000,
  rejectedKept: 50_000,
};

const SHOWN_CHARACTERS = 300;

/** A reason as it is kept: the names of columns in it come from the file, and may be as long as a row. */
export function shownReason(reason: string): string {
  if (reason.length <= SHOWN_CHARACTERS) return reason;
  return `${reason.slice(0, SHOWN_CHARACTERS - 1).toWellFormed()}…`;
}

/** A recipients file that can't be used at all. The message tells its author why, without quoting a cell. */
export class RecipientsFault extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(shownReason(message), options);
    this.name = 'RecipientsFault';
  }
}
