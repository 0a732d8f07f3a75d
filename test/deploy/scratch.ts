/** One folder for everything that a run leaves. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string | undefined;

export const scratchFolder = (): string => {
  folder ??= mkdtempSync(join(tmpdir(), 'lipaflow-deploy-'));
  return folder;
};

export const removeScratch = (): void => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  folder = undefined;
};
