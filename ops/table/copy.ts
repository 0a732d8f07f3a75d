/*
 * table copy: carries over what another table knows and this one does not.
 *
 * 1. Check that both tables hash erased opt-outs with the same key.
 * 2. Scan the source, and take the items of the asked kinds. What has expired stays behind.
 * 3. Create each one that is missing, and merge the others (`carried.ts`). Running it again changes nothing more.
 */
import { systemClock, systemRandom } from '../../src/lib/platform/clock.ts';
import { makeDynamoClient } from '../../src/lib/platform/dynamo-client.ts';
import { type Item, makeTable } from '../../src/lib/platform/dynamo-table.ts';
import { clientConfig } from '../connection.ts';
import type { Place } from '../place.ts';
import { columns, type Io, misuse, OpsError, plural, type Report } from '../report.ts';
import { type Carried, KINDS, type Kind, kindOf, makeCarry } from './carried.ts';
import { scanItems } from './scan.ts';

export type CopyOptions = { from: string; to: string; kinds: string };

const SALT = 'salt#forgotten';
const PROGRESS_MS = 5_000;

/** A table without salt or proof has no hash of that form. */
const isSameKey = (theirs: Item, ours: Item): boolean =>
  ['salt', 'proof'].every((name) => !theirs[name] || !ours[name] || theirs[name] === ours[name]);

type Results = Record<Kind, Record<Carried, number>>;

const kindsIn = (text: string): readonly Kind[] => {
  const asked = text.split(',').map((one) => one.trim());
  const unknown = asked.find((one) => !KINDS.some((kind) => kind === one));
  if (unknown !== undefined) throw misuse(`there is no kind ${unknown}; there are ${KINDS.join(', ')}`);
  return KINDS.filter((kind) => asked.includes(kind));
};

export const copyItems = async (
  { connection }: Pick<Place, 'connection'>,
  { from, to, kinds: text }: CopyOptions,
  io: Io,
): Promise<Report> => {
  const kinds = kindsIn(text);
  if (from === to) throw misuse('--from and --to are the same table');
  const client = makeDynamoClient(clientConfig(connection));
  const open = (tableName: string) =>
    makeTable({ client, tableName, clock: systemClock, random: systemRandom });
  const [source, target] = [open(from), open(to)];
  const [theirs, ours] = await Promise.all([source.get(SALT), target.get(SALT)]);
  if (kinds.includes('opt-outs') && theirs && ours && !isSameKey(theirs.value, ours.value))
    throw new OpsError(
      `${to} hashes erased opt-outs with a key of its own: it would not find those of ${from}`,
    );
  const results = Object.fromEntries(
    KINDS.map((kind) => [kind, { created: 0, merged: 0, kept: 0 }]),
  ) as Results;
  // Items of every kind.
  const carry = makeCarry(target.owning(''));
  let read = 0;
  const timer = setInterval(() => void io.stderr.write(`${plural(read, 'item')} read\n`), PROGRESS_MS);
  try {
    await scanItems(client, from, async (items) => {
      for (const item of items) {
        read += 1;
        const kind = kindOf(item);
        const isOver = (item.expires ?? Number.POSITIVE_INFINITY) * 1000 <= systemClock.now().getTime();
        if (kind && kinds.includes(kind) && !isOver) results[kind][await carry(item)] += 1;
      }
    });
  } finally {
    clearInterval(timer);
    client.destroy();
  }
  const rows = kinds.map((kind) => [kind, ...Object.values(results[kind]).map(String)]);
  return {
    lines: [...columns([['kind', 'created', 'merged', 'kept'], ...rows])],
    data: Object.fromEntries(kinds.map((kind) => [kind, results[kind]])),
  };
};
