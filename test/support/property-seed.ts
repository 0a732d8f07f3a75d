/** Property tests: another seed each time, so that they go on searching; in CI always the same, so that it tells of the change. */
import fc from 'fast-check';

const { CI, PROPERTY_SEED } = process.env;
const seed = PROPERTY_SEED ?? (CI ? '20260101' : undefined);

if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });
