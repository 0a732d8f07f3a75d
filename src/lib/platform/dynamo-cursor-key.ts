import { attributes } from './dynamo-codec.ts';
import { plain } from './dynamo-fields.ts';
import type { Table } from './dynamo-table.ts';
import type { CursorKey, Random } from './ports.ts';

const PK = 'salt#cursors';

const keyAttributes = attributes<{ readonly key: string }>({ fields: { key: plain } });

/** The first process that needs the key creates it, and all others then use the same one. */
export function makeCursorKey(table: Table, random: Pick<Random, 'key'>): CursorKey {
  const own = table.owning('salt#');
  let known: Buffer | undefined;

  async function stored(): Promise<Buffer> {
    const found = await table.get(PK);
    if (found) return keyOf(keyAttributes.decode(found.value).key);
    const made = { ...keyAttributes.encode({ key: random.key() + random.key() }), pk: PK };
    const { stored: kept } = await own.create(made);
    if (!kept) throw new Error('the key of cursors was removed while it was read');
    return keyOf(keyAttributes.decode(kept.value).key);
  }

  return {
    async get() {
      known ??= await stored();
      return known;
    },
  };
}

/** Two texts of `Random.key`, each of 22 characters. */
function keyOf(texts: string): Buffer {
  return Buffer.concat([
    Buffer.from(texts.slice(0, 22), 'base64url'),
    Buffer.from(texts.slice(22), 'base64url'),
  ]);
}
