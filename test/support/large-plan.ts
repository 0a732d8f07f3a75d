/**
 * A recipients file of any size with a bit of everything, and what its plan must be: both from the same arithmetic, row
 * by row, so that neither needs memory.
 */
import { createHash } from 'node:crypto';

export type ExpectedPlan = {
  counts: { total: number; invalid: number; duplicate: number };
  possibleDuplicates: number;
  /** Of all template messages, in dollars. */
  amount: number;
  /** SHA-256 of the plan's lines and of the rejected rows', in order. */
  accepted: string;
  rejected: string;
};

/** Marketing templates to Kenya and Mexico, in millionths of a dollar (src/lib/campaigns/plan/price.ts). */
const MICROS = { kenya: 22_500, mexico: 39_700 };
const CHUNK = 1 << 20;

type Row =
  | { kind: 'accepted'; to: string; name: string; cell?: string; twin?: true }
  | { kind: 'invalid' | 'duplicate'; cells: string; reason: string };

const kenyan = (k: number): string => String(254_700_000_000 + k);

/** The row number `k`. Those with k % 1000 === 1 are plain, so a later row can repeat them. */
const rowOf = (k: number): Row => {
  const first = Math.floor(k / 3_000) * 1_000 + 1;
  switch (k % 1_000) {
    case 3:
      return { kind: 'invalid', cells: '0712,Local', reason: 'column to is not a valid phone number' };
    case 5:
      return { kind: 'invalid', cells: kenyan(k), reason: 'has 1 cells where the header has 2' };
    case 7:
      return {
        kind: 'invalid',
        cells: `${kenyan(k)},"a"b`,
        reason: 'a quote is misplaced or not doubled',
      };
    case 11:
    case 611: {
      const reason = 'the number is already in an earlier row';
      return { kind: 'duplicate', cells: `+${kenyan(first)},Again`, reason };
    }
    case 13:
      return { kind: 'accepted', to: `5255${10_000_000 + k}`, name: 'Ana' };
    case 14:
      return { kind: 'accepted', to: `52155${10_000_000 + k - 1}`, name: 'Ana', twin: true };
    case 17:
      return { kind: 'accepted', to: kenyan(k), name: `Asha\r\n"A"\n${k}`, cell: `"Asha\r\n""A""\n${k}"` };
    case 19:
      return { kind: 'accepted', to: kenyan(k), name: 'Zoë 😀' };
    default:
      return { kind: 'accepted', to: kenyan(k), name: `Customer ${k}` };
  }
};

/** Its text in chunks; the plan is known once all of them are taken. */
export const largeFile = (rows: number): { text: () => Generator<string>; expected: () => ExpectedPlan } => {
  const counts = { total: 0, invalid: 0, duplicate: 0 };
  const accepted = createHash('sha256');
  const rejected = createHash('sha256');
  let [micros, twins, line] = [0, 0, 2];

  const take = (k: number): string => {
    const row = rowOf(k);
    if (row.kind !== 'accepted') {
      counts[row.kind] += 1;
      rejected.update(`${JSON.stringify({ kind: row.kind, line, reason: row.reason })}\n`);
      line += 1;
      return `${row.cells}\r\n`;
    }
    const { to, name, cell = name } = row;
    counts.total += 1;
    twins += row.twin ? 1 : 0;
    micros += to.startsWith('52') ? MICROS.mexico : MICROS.kenya;
    accepted.update(`${JSON.stringify([line, to, { name }])}\n`);
    line += 1 + (name.match(/\r\n|\n/g) ?? []).length;
    return `${to},${cell}\r\n`;
  };

  return {
    *text() {
      let text = 'to,name\r\n';
      for (let k = 1; k <= rows; k += 1) {
        text += take(k);
        if (text.length < CHUNK) continue;
        yield text;
        text = '';
      }
      yield text;
    },
    expected: () => ({
      counts,
      possibleDuplicates: twins,
      amount: Math.round(micros / 10_000) / 100,
      accepted: accepted.digest('hex'),
      rejected: rejected.digest('hex'),
    }),
  };
};

/** SHA-256 of several texts, one after another. */
export const digestOf = async (texts: AsyncIterable<Uint8Array | string>): Promise<string> => {
  const hash = createHash('sha256');
  for await (const text of texts) hash.update(text);
  return hash.digest('hex');
};
