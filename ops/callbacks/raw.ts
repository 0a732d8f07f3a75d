/** A callback that was kept raw: its row, and whether it can be replayed. */
import { RAW_LIMIT } from '../../src/lib/callbacks/dynamo-raw-callbacks.ts';
import type { RawCallback } from '../../src/lib/callbacks/ports.ts';
import { misuse, OpsError } from '../report.ts';

export const MOST = 10_000;
/** How many hexadecimal digits of an id are shown. An operator types at least six. */
export const SHOWN = 12;
const TYPED = /^[0-9a-f]{6,64}$/;

/** Of UTF-8, in bytes: a cut inside of one shortens the text. */
const LONGEST_CHARACTER = 4;

/** Has the text lost its end? Version 0.1 did not keep the size of the whole, so only the limit tells. */
export const isCut = ({ text, bytes }: RawCallback): boolean =>
  bytes !== undefined
    ? Buffer.byteLength(text) < bytes
    : Buffer.byteLength(text) > RAW_LIMIT - LONGEST_CHARACTER;

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** Why a replay would change nothing; undefined if it may. */
export const whyNot = (raw: RawCallback): string | undefined => {
  if (raw.why === 'reply' || raw.why === 'status')
    return 'it was understood, and is about no message of yours';
  if (isCut(raw)) return 'it was too large to be kept whole, and its end is lost';
  return isJson(raw.text) ? undefined : 'it is no JSON';
};

export const sizeOf = ({ text, bytes }: RawCallback): number => bytes ?? Buffer.byteLength(text);

export const rowOf = (raw: RawCallback) => ({
  id: raw.id.slice(0, SHOWN),
  keptAt: raw.keptAt.toISOString(),
  receivedAt: raw.receivedAt?.toISOString() ?? null,
  why: raw.why ?? null,
  bytes: sizeOf(raw),
  replayable: whyNot(raw) === undefined,
});

export const findRaw = (raws: readonly RawCallback[], typed: string): RawCallback => {
  if (!TYPED.test(typed)) throw misuse('an id is 6 or more hexadecimal digits of the list');
  const [found, ...others] = raws.filter(({ id }) => id.startsWith(typed));
  if (!found)
    throw new OpsError(
      'no callback with this id is kept: it was replayed or erased, or its 30 days are over',
    );
  if (others.length > 0) throw misuse('more than one id begins like this: type more of it');
  return found;
};
