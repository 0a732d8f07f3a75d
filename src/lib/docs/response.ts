import { gunzipSync } from 'node:zlib';
import type { ApiRequest, ApiResponse } from '../http/api.ts';
import { AppError } from '../platform/errors.ts';
import type { DocsFile } from './ports.ts';

const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json',
  yaml: 'application/yaml',
};

/** The page loads from and connects to its own host only, and no other page may frame it. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // Swagger UI's style sheet embeds its icons.
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const ALWAYS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  // The browser revalidates its copy each time, so that a deployment never mixes an old page with a new
  // script.
  'cache-control': 'no-cache',
  vary: 'accept-encoding',
};

const PAGE = 'index.html';

/** The requested file. The page is served at `/docs` only, because its links are relative to that path. */
export function fileName({ event, path }: Pick<ApiRequest, 'event' | 'path'>): string {
  if (event.routeKey === 'GET /docs') return PAGE;
  const { file = '' } = path;
  return file === PAGE ? '' : file;
}

/**
 * The response for a file: gzip if the caller accepts it, 304 if the caller has it already. Throws
 * `not-found` without a file.
 */
export function docsResponse(file: DocsFile | undefined, headers: ApiRequest['headers']): ApiResponse {
  if (!file) throw new AppError('not-found', 'File not found.');
  const zips = takesGzip(headers['accept-encoding']);
  // The two encodings differ in bytes, so they need different tags.
  const etag = `"${file.hash}${zips ? '-gzip' : ''}"`;
  if (has(headers['if-none-match'], etag))
    return { status: 304, body: undefined, headers: { ...ALWAYS, etag } };
  return {
    status: 200,
    body: zips ? file.gzipped : gunzipSync(file.gzipped),
    headers: {
      ...ALWAYS,
      etag,
      'content-type': TYPES[file.name.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
      ...(zips ? { 'content-encoding': 'gzip' } : {}),
    },
  };
}

/** Is `gzip` listed, with a weight other than 0 (RFC 9110, 12.5.3)? */
function takesGzip(accept: string | undefined): boolean {
  const codings = (accept ?? '').toLowerCase().split(',');
  return codings.some((coding) => /^\s*(x-)?gzip\s*(;\s*q=(?!0(\.0*)?\s*$)\S*\s*)?$/.test(coding));
}

/** Weak comparison (RFC 9110, 13.1.2): a proxy may have weakened the tag. */
function has(known: string | undefined, etag: string): boolean {
  const tags = (known ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}
