import { createHmac } from 'node:crypto';
import type { Table } from '../platform/dynamo-table.ts';
import type { Random } from '../platform/ports.ts';
import type { Pair } from '../whatsapp/phone.ts';
import type { ErasedOptOutStore } from './ports.ts';

const SALT = 'salt#forgotten';

export function makeErasedOptOutStore(table: Table, random: Random): ErasedOptOutStore {
  let salt: string | undefined;

  /** Undefined as long as nobody has been remembered. */
  async function knownSalt(): Promise<string | undefined> {
    salt ??= (await table.get(SALT))?.value['salt'] as string | undefined;
    return salt;
  }

  /** Made by whoever needs it first, and the same for all from then on. */
  async function madeSalt(): Promise<string> {
    const { stored } = await table.create({ pk: SALT, salt: random.uuid() + random.uuid() });
    if (!stored) throw new Error('the salt was removed while it was read');
    return stored.value['salt'] as string;
  }

  return {
    async optedOutAt(pair) {
      const known = await knownSalt();
      const stored = known === undefined ? undefined : await table.get(keyOf(pair, known));
      return stored && new Date((stored.value['at'] as number | undefined) ?? 0);
    },
    async whoOptedOut(pairs) {
      const known = await knownSalt();
      if (known === undefined) return pairs.map(() => false);
      const items = await table.getMany(pairs.map((pair) => keyOf(pair, known)));
      return items.map((item) => item !== undefined);
    },
    async remember(pair, at) {
      salt ??= (await knownSalt()) ?? (await madeSalt());
      await table.overwrite({ pk: keyOf(pair, salt), at: at.getTime() });
    },
    async forget(pair) {
      const known = await knownSalt();
      if (known !== undefined) await table.drop(keyOf(pair, known));
    },
  };
}

function keyOf({ business, customer }: Pair, salt: string): string {
  return `forgotten#${createHmac('sha256', salt).update(`${business} ${customer}`).digest('hex')}`;
}
