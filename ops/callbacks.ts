/** callbacks list, show, replay: the callbacks that were kept raw, because they could not be read, placed or stored. */
import { SQSClient } from '@aws-sdk/client-sqs';
import type { RawCallback } from '../src/lib/callbacks/ports.ts';
import { makeCallbackQueue } from '../src/lib/callbacks/sqs-callbacks.ts';
import { clientConfig } from './connection.ts';
import { maskedJson } from './masks.ts';
import type { Place } from './place.ts';
import { columns, command, misuse, OpsError, plural, type Report } from './report.ts';
import { openStores } from './stores.ts';
import { ago, bothTimes } from './times.ts';

const MOST = 10_000;
/** As many hexadecimal digits of an id as are shown; so many at least are typed. */
const SHOWN = 12;
const TYPED = /^[0-9a-f]{6,64}$/;

/** What a text that lost nothing may differ by from its whole in bytes: none. Older ones did not keep the size. */
const isCut = ({ text, bytes }: RawCallback): boolean =>
  bytes !== undefined ? Buffer.byteLength(text) < bytes : Buffer.byteLength(text) >= 256 * 1024 - 4;

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** Why a replay would change nothing; undefined if it may. */
const whyNot = (raw: RawCallback): string | undefined => {
  if (raw.why === 'reply' || raw.why === 'status')
    return 'it was understood, and is about no message of yours';
  if (isCut(raw)) return 'it was too large to be kept whole, and its end is lost';
  return isJson(raw.text) ? undefined : 'it is no JSON';
};

const sizeOf = ({ text, bytes }: RawCallback): number => bytes ?? Buffer.byteLength(text);

const rowOf = (raw: RawCallback) => ({
  id: raw.id.slice(0, SHOWN),
  keptAt: raw.keptAt.toISOString(),
  receivedAt: raw.receivedAt?.toISOString() ?? null,
  why: raw.why ?? null,
  bytes: sizeOf(raw),
  replayable: whyNot(raw) === undefined,
});

export const listCallbacks = async (place: Place): Promise<Report> => {
  const { callbacks, clock } = openStores(place);
  const raws = await callbacks.listRaw(MOST);
  const now = clock.now();
  if (raws.length === 0) return { lines: ['No callback is kept raw.'], data: [] };
  const rows = raws.map((raw) => {
    const { id, why, bytes, replayable } = rowOf(raw);
    return [
      id,
      ago(raw.keptAt, now),
      why ?? '-',
      `${bytes} bytes`,
      replayable ? 'can be replayed' : 'cannot be replayed',
    ];
  });
  const next = `Print one with ${command(place.stage, 'callbacks show <id>')}.`;
  return { lines: [...columns([['id', 'kept', 'why', 'size', ''], ...rows]), next], data: raws.map(rowOf) };
};

const findRaw = (raws: readonly RawCallback[], typed: string): RawCallback => {
  if (!TYPED.test(typed)) throw misuse('an id is 6 or more hexadecimal digits of the list');
  const [found, ...others] = raws.filter(({ id }) => id.startsWith(typed));
  if (!found)
    throw new OpsError(
      'no callback with this id is kept: it was replayed or erased, or its 30 days are over',
    );
  if (others.length > 0) throw misuse('more than one id begins like this: type more of it');
  return found;
};

export const showCallback = async (
  place: Place,
  typed: string,
  options: { showNumbers?: boolean },
): Promise<Report> => {
  const { callbacks } = openStores(place);
  const raw = findRaw(await callbacks.listRaw(MOST), typed);
  const text = options.showNumbers ? raw.text : maskedJson(raw.text);
  const reason = whyNot(raw);
  return {
    lines: [
      `id        ${raw.id.slice(0, SHOWN)}`,
      `received  ${raw.receivedAt ? bothTimes(raw.receivedAt) : 'unknown'}`,
      `kept      ${bothTimes(raw.keptAt)}`,
      `why       ${raw.why ?? 'unknown'}`,
      `size      ${sizeOf(raw)} bytes${isCut(raw) ? ', cut' : ''}`,
      `replay    ${reason ? `not possible: ${reason}` : command(place.stage, `callbacks replay ${raw.id.slice(0, SHOWN)}`)}`,
      '',
      text,
    ],
    data: { ...rowOf(raw), text },
  };
};

/** Puts callbacks into the queue again, with their first arrival. Their worker removes what is understood now. */
export const replayCallbacks = async (place: Place, typed: string): Promise<Report> => {
  const { callbacks } = openStores(place);
  const raws = await callbacks.listRaw(MOST);
  const chosen = typed === 'all' ? raws : [findRaw(raws, typed)];
  const [first] = chosen;
  const reason = typed !== 'all' && first && whyNot(first);
  if (reason) throw new OpsError(`this callback cannot be replayed: ${reason}`);
  const fit = chosen.filter((raw) => whyNot(raw) === undefined);
  const client = new SQSClient(clientConfig(place.connection, 'sqsUrl'));
  const queue = makeCallbackQueue({ client, queueUrl: place.queues.get('CallbackQueue') });
  for (const { id, text, receivedAt, keptAt } of fit)
    await queue.put({
      receivedAt: receivedAt ?? keptAt,
      correlationId: `replay-${id.slice(0, SHOWN)}`,
      bytes: Buffer.from(text),
      replayOf: id,
    });
  const left = chosen.length - fit.length;
  const said = `${plural(fit.length, 'callback')} put into the queue again. What is understood now leaves the list.`;
  return {
    lines: left > 0 ? [said, `${plural(left, 'callback')} cannot be replayed; the list says which.`] : [said],
    data: { replayed: fit.length, left },
  };
};
