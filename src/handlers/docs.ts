import { docsResponse, fileName } from '../lib/docs/response.ts';
import { api } from '../lib/http/api.ts';
import { wireDocs } from '../lib/wiring/docs.ts';

const { files, ...ports } = wireDocs('docs');

/** `GET /docs`, the API's description as a page; `GET /docs/{file}`, the page's files and openapi.yaml. */
export const handler = api(ports, (request) =>
  Promise.resolve(docsResponse(files.byName(fileName(request)), request)),
);
