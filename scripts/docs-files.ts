/** The files of `GET /docs`: the page, Swagger UI's own files, openapi.yaml, and the same as JSON. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { OutputFile } from 'esbuild';
import { parse } from 'yaml';

type Built = Pick<OutputFile, 'path' | 'contents'>;

const RENDERER = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const FROM_RENDERER = ['swagger-ui-bundle.js', 'swagger-ui.css'];
const OURS = ['index.html', 'start.js'];

const compress = promisify(gzip);

/** Compressed once, at build time. Otherwise the function would compress them for every visitor. */
export const docsFiles = async (root: string, folder: string): Promise<Built[]> => {
  const openapi = await readFile(join(root, 'openapi.yaml'));
  const copied = [
    ...FROM_RENDERER.map((name) => ({ name, from: join(RENDERER, name) })),
    ...OURS.map((name) => ({ name, from: join(root, 'src/docs-page', name) })),
  ].map(async ({ name, from }) => ({ name, bytes: await readFile(from) }));
  const files = [
    ...(await Promise.all(copied)),
    { name: 'openapi.yaml', bytes: openapi },
    { name: 'openapi.json', bytes: Buffer.from(JSON.stringify(parse(openapi.toString('utf8')))) },
  ];
  return Promise.all(
    files.map(async ({ name, bytes }) => ({
      path: join(folder, `${name}.gz`),
      contents: await compress(bytes, { level: 9 }),
    })),
  );
};
