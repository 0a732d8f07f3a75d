/** What a package may be. Whoever adds one reads its licence and its install script first. */

/** Of packages that the bundles contain: they are passed on. */
export const SHIPPED_LICENCES = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'MIT-0'];

/** Of packages that only build and test, too. Their files stay on the machine, unchanged. */
export const TOOL_LICENCES = [
  ...SHIPPED_LICENCES,
  'BlueOak-1.0.0',
  'CC-BY-4.0',
  'MPL-2.0',
  'PSF-2.0',
  'Python-2.0',
  'Unlicense',
];

/** Each package-lock.json, and its packages with an install script: why it need not run, or why it runs. */
export const LOCKS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  // .npmrc runs none of these.
  'package-lock.json': {
    'classic-level': 'compiles LevelDB if no build of it comes along; one does, and dynalite uses memory',
    'es5-ext': 'prints a message',
    esbuild: 'makes its command start faster; the API finds the program without it',
  },
  'test/policy/package-lock.json': {},
  'test/mutation/package-lock.json': {},
  'test/runtime/package-lock.json': {
    'aws-lambda-ric': 'runs: it compiles the runtime client, which is what this folder is for',
  },
};
