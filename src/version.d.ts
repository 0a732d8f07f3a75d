/** package.json's version, written in by the bundler. */
declare const __VERSION__: string;
