/** The files of `GET /docs`: the page, Swagger UI's own files, openapi.yaml, and the same as JSON. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { OutputFile } from 'esbuild';
import { parse } from 'yaml';
import { hashOf } from '../src/lib/docs/files.ts';

type Built = Pick<OutputFile, 'path' | 'contents'>;

const RENDERER = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const FROM_RENDERER = ['swagger-ui-bundle.js', 'swagger-ui.css'];
const OURS = ['start.js'];
const PAGE = 'index.html';

const compress = promisify(gzip);

/** Links each file with the hash of its content, which `docs` compares (src/lib/docs/response.ts). */
const withVersions = (page: string, files: readonly { name: string; contents: Uint8Array }[]): string =>
  files.reduce(
    (text, { name, contents }) => text.replace(`="docs/${name}"`, `="docs/${name}?v=${hashOf(contents)}"`),
    page,
  );

/** Compressed once, at build time. Otherwise the function would compress them for every visitor. */
export const docsFiles = async (root: string, folder: string): Promise<Built[]> => {
  const openapi = await readFile(join(root, 'openapi.yaml'));
  const zip = async (name: string, bytes: Uint8Array | string) => ({
    name,
    contents: await compress(bytes, { level: 9 }),
  });
  const linked = await Promise.all([
    ...FROM_RENDERER.map(async (name) => zip(name, await readFile(join(RENDERER, name)))),
    ...OURS.map(async (name) => zip(name, await readFile(join(root, 'src/docs-page', name)))),
  ]);
  const page = await readFile(join(root, 'src/docs-page', PAGE), 'utf8');
  const others = await Promise.all([
    zip(PAGE, withVersions(page, linked)),
    zip('openapi.yaml', openapi),
    zip('openapi.json', JSON.stringify(parse(openapi.toString('utf8')))),
  ]);
  return [...linked, ...others].map(({ name, contents }) => ({ path: join(folder, `${name}.gz`), contents }));
};
