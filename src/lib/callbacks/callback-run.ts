/** What all entries of a callback share. */
export interface CallbackRun {
  readonly correlationId: string;
  /** When LipaChat sent it, which may be long before it is handled. */
  readonly receivedAt: Date;
  /** The JSON of an entry, by its place in the body; undefined if unknown. */
  readonly sourceOf?: (place: number) => string | undefined;
}

/** The same for one entry. */
export interface EntryRun extends CallbackRun {
  /** Its index among the entries. */
  readonly place: number;
}
