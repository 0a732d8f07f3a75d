import { build } from '../../scripts/build.ts';

const BUILT = Symbol.for('lipaflow.built');

/** Before any test: the bundles in dist/ are those of the sources as they are now. Built once, though each project asks. */
export default async (): Promise<void> => {
  const once = globalThis as { [BUILT]?: Promise<void> };
  once[BUILT] ??= build();
  await once[BUILT];
};
