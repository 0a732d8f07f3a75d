/** Leaves out of the bundles what no function can need: every byte lengthens cold starts. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

const file = (name: string): string => fileURLToPath(new URL(`lighter/${name}`, import.meta.url));

/** Packages replaced by our own files, which explain why. */
const INSTEAD: Record<string, string> = {
  '@aws-sdk/credential-provider-node': file('credentials.ts'),
  undici: file('undici.cjs'),
};

/**
 * Files that our calls never reach. Of undici: a parser for processors without SIMD, which Lambda doesn't have; HTTP/2,
 * which our agent switches off; the bodies and forms of fetch, where ours are strings. Of zod: the way to JSON Schema.
 */
const UNUSED = [
  /undici\/lib\/(llhttp\/llhttp-wasm|dispatcher\/client-h2|web\/fetch\/(body|formdata))\.js$/,
  /zod\/v4\/core\/(to-json-schema|json-schema-processors)\.js$/,
];

/** undici asks it one question of a body: is it a form? */
const WEB_TYPES = /undici\/lib\/web\/webidl\/index\.js$/;
const NO_FORM = 'module.exports = { webidl: { is: { FormData: () => false } } };';

const AWS_SCHEMAS = /@aws-sdk\/client-(dynamodb|eventbridge|s3|ssm)\/dist-es\/schemas\/schemas_0\.js$/;

/**
 * A client registers a schema and a class for every error of its service, 140 of them for SSM, and so keeps them all.
 * We tell one of them apart by its class. The SDK reports the others as the service's base exception, with the same
 * name, message and metadata. Not so SQS, where an error without its schema has another name.
 */
const OTHER_ERRORS =
  /^export var (?!ConditionalCheckFailedException\$)(\w+\$) = \[-3, n0,[^;]*;\nn0_registry\.registerError\(\1, \w+\);$/gm;

/** The SDK's loader of its settings, replaced by `settings.ts`. */
const SETTINGS = /@smithy\/core\/dist-es\/submodules\/config\/node-config-provider\/configLoader\.js$/;

/** A client reads nothing of its package.json but the version. */
const AWS_MANIFEST = /@aws-sdk\/client-[a-z0-9-]+\/package\.json$/;

export const lighter: Plugin = {
  name: 'lighter',
  setup({ onResolve, onLoad }) {
    // Only the exact package name, because our replacement imports single files of the package.
    onResolve({ filter: /^(undici|@aws-sdk\/credential-provider-node)$/ }, ({ path }) => ({
      path: INSTEAD[path] ?? path,
    }));
    for (const filter of UNUSED) onLoad({ filter }, () => ({ contents: 'module.exports = {};' }));
    onLoad({ filter: SETTINGS }, () => ({ contents: `export * from '${file('settings.ts')}';` }));
    onLoad({ filter: WEB_TYPES }, () => ({ contents: NO_FORM }));
    onLoad({ filter: AWS_SCHEMAS }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replaceAll(OTHER_ERRORS, ''),
    }));
    onLoad({ filter: AWS_MANIFEST }, async ({ path }) => {
      const { version } = JSON.parse(await readFile(path, 'utf8')) as { version: string };
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};

/** undici's own switch for bundlers; it leaves out the experimental parser. */
export const BUNDLE_DEFINES = { esbuildDetection: 'true' };
