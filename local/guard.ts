/**
 * Keeps web pages out of the local servers. They listen on loopback, without passwords, and one of them holds the apiKey.
 * A page elsewhere reaches them in two ways: by a name of its own that leads to 127.0.0.1 (DNS rebinding), which shows in
 * `Host`; and by a cross-site request, which shows in `Origin` and, if the browser doesn't ask first, in the content type.
 */
import type { IncomingHttpHeaders, RequestListener } from 'node:http';

/** Which bodies of the types that a browser sends anywhere without asking are refused: all, or those of browsers. */
export type Guarding = { plainBodies: 'refused' | 'refused-from-browsers' };

type Guarded = { headers: IncomingHttpHeaders };

const LOOPBACK = /^(?:127\.0\.0\.1|\[::1\]|(?:[a-z0-9-]+\.)*localhost)(?::\d{1,5})?$/i;
const ORIGIN = /^https?:\/\/(.+)$/i;
/** Those of a "simple request" (https://fetch.spec.whatwg.org/#cors-safelisted-request-header). */
const PLAIN_TYPES = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'];

const NAMES = '127.0.0.1, localhost, [::1] and names that end in .localhost';

const isLoopback = (host: string): boolean => LOOPBACK.test(host);

const isPlain = (type: string | undefined): boolean =>
  PLAIN_TYPES.includes(type?.split(/[;,]/)[0]?.trim().toLowerCase() ?? '');

/** Why a request is refused; undefined if it is not. */
export const refusalOf = ({ headers }: Guarded, { plainBodies }: Guarding): string | undefined => {
  const { host = '', origin, 'sec-fetch-site': site, 'content-type': type } = headers;
  if (!isLoopback(host)) return `The local system answers only to ${NAMES}: see the Host header.`;
  const [, from = ''] = ORIGIN.exec(origin ?? '') ?? [];
  if (origin !== undefined && !isLoopback(from))
    return `The local system answers only to pages of ${NAMES}: see the Origin header.`;
  const isBrowser = origin !== undefined || site !== undefined;
  if (isPlain(type) && (isBrowser || plainBodies === 'refused'))
    return 'The local system takes no body of this content type here: send application/json.';
  return undefined;
};

export const messageOf = (refusal: string): string => JSON.stringify({ message: refusal });

/** The listener, for requests that are not refused. The others get 403 and the reason. */
export const guarded =
  (listener: RequestListener, guarding: Guarding): RequestListener =>
  (request, response) => {
    const refusal = refusalOf(request, guarding);
    if (refusal === undefined) return listener(request, response);
    // Read and dropped: a client that is still writing would otherwise see a broken connection.
    request.resume();
    response
      .writeHead(403, { 'content-type': 'application/json', connection: 'close' })
      .end(messageOf(refusal));
  };
