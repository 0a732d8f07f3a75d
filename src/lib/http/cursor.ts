import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Caller } from '../platform/caller.ts';
import { AppError } from '../platform/errors.ts';
import type { Clock, CursorKey, Random } from '../platform/ports.ts';

/*
 * The cursors of lists, `next` and `after`: encrypted, so that a caller learns nothing from one, and bound to the client and
 * its query. AES-256-GCM: a nonce of 12 bytes, the end of its time and the place in the list, and a tag of 16 bytes, as
 * base64url.
 */

export interface CursorsDeps {
  readonly cursorKey: CursorKey;
  readonly clock: Clock;
  readonly random: Pick<Random, 'key'>;
}

/** What a cursor is good for: the list, by its name, and all that changes it. */
export type ListQuery = readonly (string | undefined)[];

export type CursorsOf = ReturnType<typeof makeCursors>;

/** A cursor may be used for 24 hours. */
export const CURSOR_S = 86_400;

const CIPHER = 'aes-256-gcm';
const NONCE = 12;
const TAG = 16;
const TIME = 6;
/** Characters. No list has a place of so many. */
const LONGEST = 1_000;

export function makeCursors({ cursorKey, clock, random }: CursorsDeps) {
  /** The cursors of one caller's list. */
  return function cursorsOf(caller: Caller, query: ListQuery) {
    const bound = boundTo(caller, query);
    return {
      /** The cursor for the place, or null at the end of the list. */
      async seal(place: string | null): Promise<string | null> {
        if (place === null) return null;
        const nonce = Buffer.from(random.key(), 'base64url').subarray(0, NONCE);
        const cipher = createCipheriv(CIPHER, await cursorKey.get(), nonce).setAAD(bound);
        const text = Buffer.concat([timeBytes(seconds(clock.now()) + CURSOR_S), Buffer.from(place)]);
        return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString(
          'base64url',
        );
      },

      /** The place of a cursor. Throws `invalid-request` if it is forged, too old, or another client's or list's. */
      async open(cursor: string | undefined): Promise<string | undefined> {
        if (cursor === undefined) return undefined;
        const sealed = cursor.length <= LONGEST ? Buffer.from(cursor, 'base64url') : Buffer.alloc(0);
        // Decoding skips what is no base64url.
        if (sealed.length < NONCE + TIME + TAG || sealed.toString('base64url') !== cursor) throw noCursor();
        const nonce = sealed.subarray(0, NONCE);
        const decipher = createDecipheriv(CIPHER, await cursorKey.get(), nonce, { authTagLength: TAG });
        decipher.setAAD(bound).setAuthTag(sealed.subarray(-TAG));
        const text = Buffer.concat([decipher.update(sealed.subarray(NONCE, -TAG)), finalOf(decipher)]);
        if (text.readUIntBE(0, TIME) <= seconds(clock.now())) throw noCursor();
        return text.subarray(TIME).toString('utf8');
      },
    };
  };
}

/** A client keeps its namespace, and may have a new token. */
function boundTo({ clientId, namespaceKey }: Caller, query: ListQuery): Buffer {
  return Buffer.from(JSON.stringify([clientId, namespaceKey ?? null, query]));
}

function finalOf(decipher: { final(): Buffer }): Buffer {
  try {
    return decipher.final();
  } catch {
    throw noCursor();
  }
}

export function noCursor(): AppError {
  const message = 'must be the `next` value of a previous page of the same list, at most 24 hours old';
  return new AppError('invalid-request', 'One field is invalid. See errors.', {
    errors: [{ path: 'after', message }],
  });
}

const seconds = (at: Date): number => Math.floor(at.getTime() / 1000);

function timeBytes(at: number): Buffer {
  const bytes = Buffer.alloc(TIME);
  bytes.writeUIntBE(at, 0, TIME);
  return bytes;
}
