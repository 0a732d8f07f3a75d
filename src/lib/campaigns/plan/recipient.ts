/** The column with the recipient's number. */
export const NUMBER_COLUMN = 'to';

/** The records of a recipients file, in order. Reasons never quote a cell. */
export type RawRow =
  | { readonly kind: 'header'; readonly columns: readonly string[] }
  | {
      readonly kind: 'row';
      /** The line on which the record starts, from 1. */
      readonly line: number;
      readonly columns: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'bad'; readonly line: number; readonly reason: string };

/** A recipients file that can't be used at all. The message tells its author why, without quoting a cell. */
export class RecipientsFault extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RecipientsFault';
  }
}
