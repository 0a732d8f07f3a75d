/** What the bundles leave out of the libraries, since no function can come to need it: cold starts are paid by the byte. */
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

const file = (name: string): string => fileURLToPath(new URL(`lighter/${name}`, import.meta.url));

/** Whole packages, by files of ours that say why. */
const INSTEAD: Record<string, string> = {
  '@aws-sdk/credential-provider-node': file('credentials.ts'),
  undici: file('undici.cjs'),
};

/**
 * Files of undici that are loaded on a path that our calls cannot take: a parser for processors without SIMD, which
 * Lambda does not have; HTTP/2, which our agent switches off; the bodies of fetch, where ours are strings.
 */
const UNUSED = /undici\/lib\/(llhttp\/llhttp-wasm|dispatcher\/client-h2|web\/fetch\/body)\.js$/;

export const lighter: Plugin = {
  name: 'lighter',
  setup({ onResolve, onLoad }) {
    // The whole name only: what stands in for a package takes single files of it.
    onResolve({ filter: /^(undici|@aws-sdk\/credential-provider-node)$/ }, ({ path }) => ({
      path: INSTEAD[path] ?? path,
    }));
    onLoad({ filter: UNUSED }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** undici's own switch for bundles: without its experimental parser. */
export const BUNDLE_DEFINES = { esbuildDetection: 'true' };
