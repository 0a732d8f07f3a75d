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

/** A recipients file that can't be used at all. The message tells its author why, without quoting a cell. */
export class RecipientsFault extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RecipientsFault';
  }
}
