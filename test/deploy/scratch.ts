/** One folder for all that a run leaves, gone with the process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string | undefined;

export const scratchFolder = (): string => {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'lipaflow-deploy-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    folder = made;
  }
  return folder;
};
