/* What an HTTP status says of a message, before anything of the body is read. */

export const isSuccess = (httpStatus: number) => httpStatus >= 200 && httpStatus < 300;

/** These redirects say that the server did not process the request. A 302 or 303 may follow one that it processed. */
export function isMovedElsewhere(httpStatus: number): boolean {
  return httpStatus === 301 || httpStatus === 307 || httpStatus === 308;
}

/** The statuses with which LipaChat judges a message. */
export function judgesMessage(httpStatus: number): boolean {
  return httpStatus === 200 || httpStatus === 400 || httpStatus === 422;
}

/** The pause of a Retry-After header in ms, from seconds or a date; undefined if it names none. */
export function retryAfterMsOf(header: string | undefined, now: Date): number | undefined {
  if (!header?.trim()) return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now.getTime();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
