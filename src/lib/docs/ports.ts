/** A file of the documentation, as it was built. */
export interface DocsFile {
  readonly name: string;
  readonly gzipped: Uint8Array;
  /** Of the content: another one after a change, the same in every process. */
  readonly hash: string;
}

export interface DocsFiles {
  byName(name: string): DocsFile | undefined;
}
