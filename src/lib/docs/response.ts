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

/** Nothing comes from, or goes to, another host; and no page of others may put this one into a frame. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // Swagger UI's icons stand in its style sheet.
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
  // Kept, and asked about each time: after a deployment nobody sees an old page with a new script.
  'cache-control': 'no-cache',
  vary: 'accept-encoding',
};

const PAGE = 'index.html';

/** Which file is asked for. The page is at `/docs` alone, since its links start from there. */
export function fileName({ event, path }: Pick<ApiRequest, 'event' | 'path'>): string {
  if (event.routeKey === 'GET /docs') return PAGE;
  const { file = '' } = path;
  return file === PAGE ? '' : file;
}

/** A file of the documentation, compressed where the caller takes that; 304 where the caller has it already. */
export function docsResponse(file: DocsFile | undefined, headers: ApiRequest['headers']): ApiResponse {
  if (!file) throw new AppError('not-found', 'There is no such file.');
  const zips = takesGzip(headers['accept-encoding']);
  // The two are different bytes, so they have different tags.
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

/** `gzip`, unless with the weight 0 (RFC 9110, 12.5.3). */
function takesGzip(accept: string | undefined): boolean {
  const codings = (accept ?? '').toLowerCase().split(',');
  return codings.some((coding) => /^\s*(x-)?gzip\s*(;\s*q=(?!0(\.0*)?\s*$)\S*\s*)?$/.test(coding));
}

/** Weakly compared, as RFC 9110 (13.1.2) has it: whoever is on the way may have made the tag a weak one. */
function has(known: string | undefined, etag: string): boolean {
  const tags = (known ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}
