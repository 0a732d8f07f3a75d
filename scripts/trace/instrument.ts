/** An esbuild plugin that makes every function in `src/` report its file to `globalThis.entered` when it is called. */
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import type { Plugin } from 'esbuild';
import ts from 'typescript';

type Insertion = { readonly at: number; readonly text: string };

const reportIn = (body: ts.Node, file: string, source: ts.SourceFile): Insertion[] => {
  const report = `entered(${JSON.stringify(file)})`;
  const start = body.getStart(source);
  if (ts.isBlock(body)) return [{ at: start + 1, text: ` ${report};` }];
  return [
    { at: start, text: `(${report}, ` },
    { at: body.end, text: ')' },
  ];
};

/** The file's text with a report at the start of every function's body. */
const instrumented = (text: string, file: string): string => {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const insertions: Insertion[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      insertions.push(...reportIn(node.body as ts.Node, file, source));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  const fromTheEnd = insertions.toSorted((a, b) => b.at - a.at);
  return fromTheEnd.reduce((rest, { at, text: added }) => rest.slice(0, at) + added + rest.slice(at), text);
};

export const instrument = (root: string): Plugin => ({
  name: 'instrument',
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
      const file = relative(root, path);
      if (!file.startsWith('src/')) return undefined;
      return { contents: instrumented(await readFile(path, 'utf8'), file), loader: 'ts' };
    });
  },
});
