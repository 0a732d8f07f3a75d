/** A built file of the documentation. */
export interface DocsFile {
  readonly name: string;
  readonly gzipped: Uint8Array;
  /** Hash of the content: changes with it, and is the same in every process. */
  readonly hash: string;
}

export interface DocsFiles {
  byName(name: string): DocsFile | undefined;
}
