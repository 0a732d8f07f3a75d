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
  // On a 304, too, which has no body.
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  vary: 'accept-encoding',
};

/** Any cache may keep a copy, and asks each time whether it is still the file. */
const REVALIDATED = 'public, no-cache';
/** The URL names the content, so it never changes. */
const FOR_GOOD = 'public, max-age=31536000, immutable';

const PAGE = 'index.html';

/** The requested file. The page is served at `/docs` only, because its links are relative to that path. */
export function fileName({ event, path }: Pick<ApiRequest, 'event' | 'path'>): string {
  if (event.routeKey === 'GET /docs') return PAGE;
  const { file = '' } = path;
  return file === PAGE ? '' : file;
}

/**
 * The response for a file: gzip, as it was built, or 304 if the caller has it already. The page links its files with their
 * hashes as `?v=`, so that caches keep them and a deployment never mixes an old page with a new script. Throws `not-found`
 * without a file or for the `?v=` of another content, and `not-acceptable` to a caller that takes no gzip: unzipping 1.7 MB
 * for each request would let anyone use up the CPU of the account.
 */
export function docsResponse(
  file: DocsFile | undefined,
  { headers, event }: Pick<ApiRequest, 'headers' | 'event'>,
): ApiResponse {
  if (!file) throw new AppError('not-found', 'File not found.');
  const { v: version } = event.queryStringParameters ?? {};
  if (version !== undefined && version !== file.hash)
    throw new AppError('not-found', 'This version of the file is not deployed. Reload the page.');
  if (!takesGzip(headers['accept-encoding'])) throw new AppError('not-acceptable', GZIP_ONLY);
  const etag = `"${file.hash}"`;
  const always = { ...ALWAYS, etag, 'cache-control': version === undefined ? REVALIDATED : FOR_GOOD };
  if (has(headers['if-none-match'], etag)) return { status: 304, body: undefined, headers: always };
  const type = TYPES[file.name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
  return {
    status: 200,
    body: file.gzipped,
    headers: { ...always, 'content-type': type, 'content-encoding': 'gzip' },
  };
}

const GZIP_ONLY =
  'This file is sent with gzip only: send "Accept-Encoding: gzip", as curl --compressed does.';

/**
 * Does the caller take gzip, by its name or by `*`, with a weight other than 0 (RFC 9110, 12.5.3)? Without the header, a
 * caller that does not unpack is likelier than one that does.
 */
function takesGzip(accept: string | undefined): boolean {
  const codings = new Map((accept ?? '').toLowerCase().split(',').map(weighed));
  const weight = codings.get('gzip') ?? codings.get('x-gzip') ?? codings.get('*') ?? 0;
  return weight > 0;
}

/** A coding and its weight, 1 if none is given. A weight that is no number counts as 0. */
function weighed(entry: string): [coding: string, weight: number] {
  const [coding = '', ...parameters] = entry.split(';').map((part) => part.trim());
  const [weight] = parameters.flatMap((one) => (one.startsWith('q=') ? [Number(one.slice(2))] : []));
  return [coding, Number.isNaN(weight) ? 0 : (weight ?? 1)];
}

/** Weak comparison (RFC 9110, 13.1.2): a proxy may have weakened the tag. */
function has(known: string | undefined, etag: string): boolean {
  const tags = (known ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}
