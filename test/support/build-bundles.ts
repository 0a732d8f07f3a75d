/** Before any test: the bundles in dist/ are those of the sources as they are now. */
import { build } from '../../scripts/build.ts';

export default build;
