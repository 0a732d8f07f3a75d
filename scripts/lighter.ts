/** Leaves out of the bundles what no function can need: every byte lengthens cold starts. */
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

const file = (name: string): string => fileURLToPath(new URL(`lighter/${name}`, import.meta.url));

/** Packages replaced by our own files, which explain why. */
const INSTEAD: Record<string, string> = {
  '@aws-sdk/credential-provider-node': file('credentials.ts'),
  undici: file('undici.cjs'),
};

/**
 * Files of undici that our calls never reach: a parser for processors without SIMD, which Lambda doesn't
 * have; HTTP/2, which our agent switches off; the bodies and forms of fetch, where ours are strings.
 */
const UNUSED = /undici\/lib\/(llhttp\/llhttp-wasm|dispatcher\/client-h2|web\/fetch\/(body|formdata))\.js$/;

/** undici asks it one question of a body: is it a form? */
const WEB_TYPES = /undici\/lib\/web\/webidl\/index\.js$/;
const NO_FORM = 'module.exports = { webidl: { is: { FormData: () => false } } };';

export const lighter: Plugin = {
  name: 'lighter',
  setup({ onResolve, onLoad }) {
    // Only the exact package name, because our replacement imports single files of the package.
    onResolve({ filter: /^(undici|@aws-sdk\/credential-provider-node)$/ }, ({ path }) => ({
      path: INSTEAD[path] ?? path,
    }));
    onLoad({ filter: UNUSED }, () => ({ contents: 'module.exports = {};' }));
    onLoad({ filter: WEB_TYPES }, () => ({ contents: NO_FORM }));
  },
};

/** undici's own switch for bundlers; it leaves out the experimental parser. */
export const BUNDLE_DEFINES = { esbuildDetection: 'true' };
