/** What a file of recipients holds, record by record, in its order. Reasons never quote what is in a cell. */
export type RawRow =
  | { readonly kind: 'header'; readonly columns: readonly string[] }
  | {
      readonly kind: 'row';
      /** Where the record starts, counted from 1. */
      readonly line: number;
      readonly columns: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'bad'; readonly line: number; readonly reason: string };

/** A file of recipients that can't be read at all. The message says why, for its author; no cell is quoted. */
export class RecipientsFault extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RecipientsFault';
  }
}
