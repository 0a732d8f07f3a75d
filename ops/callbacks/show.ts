/** callbacks list, show: the callbacks that were kept raw, because they could not be read, placed or stored. */
import { maskedJson } from '../masks.ts';
import type { Place } from '../place.ts';
import { columns, command, type Report } from '../report.ts';
import { openStores } from '../stores.ts';
import { ago, bothTimes } from '../times.ts';
import { findRaw, isCut, MOST, rowOf, SHOWN, sizeOf, whyNot } from './raw.ts';

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
      ...text.split(/\r?\n/),
    ],
    data: { ...rowOf(raw), text },
  };
};
