import { attributes } from '../platform/dynamo-codec.ts';
import { plain } from '../platform/dynamo-fields.ts';
import type { Reads, Table } from '../platform/dynamo-table.ts';
import type { Stored } from '../platform/ports.ts';
import { assertSameKey, type ErasureKey, proofOf } from './erasure-key.ts';

/** Version 0.1 keeps the salt of its hashes here. */
const MARKER = 'salt#forgotten';
const TRIES = 8;

/** Which hashes the table may have. */
interface Marker {
  /** Of the hashes that version 0.1 wrote. */
  readonly salt?: string | undefined;
  /** The proof of the key of all others. */
  readonly proof?: string | undefined;
  /** There are keyed hashes of erased customers. */
  readonly erasures?: true | undefined;
}

const markerAttributes = attributes<Marker>({ fields: { salt: plain, proof: plain, erasures: plain } });

export type ErasureMarkerReads = Pick<ReturnType<typeof makeErasureMarkerReads>, 'used' | 'proof'>;
export type ErasureMarker = ReturnType<typeof makeErasureMarker>;

/** One item says whether the table has hashes of erased customers: a stage without erasures never reads the key. */
export function makeErasureMarkerReads(table: Pick<Reads, 'get'>, key: Pick<ErasureKey, 'get'>) {
  let known: Marker = {};

  async function stored(): Promise<Stored<Marker> | undefined> {
    const found = await table.get(MARKER);
    if (!found) return undefined;
    known = markerAttributes.decode(found.value);
    return { value: known, revision: found.revision };
  }

  /** What is there stays for good. Until there were erasures, another process may write the first. */
  async function read(): Promise<Marker> {
    if (!known.erasures) await stored();
    return known;
  }

  async function checkedKey({ proof = '' }: Marker): Promise<string> {
    const value = await key.get();
    assertSameKey(value, proof);
    return value;
  }

  return {
    stored,
    read,
    checkedKey,

    /**
     * By which the table may have hashes; none before the first erasure. Throws `store-unavailable` if there are keyed
     * hashes, and the key can't be read or is another one.
     */
    async used(): Promise<{ readonly key: string | undefined; readonly salt: string | undefined }> {
      const marker = await read();
      return { salt: marker.salt, key: marker.erasures && (await checkedKey(marker)) };
    },

    /** Of the key in use; undefined before the first hash. */
    proof: async (): Promise<string | undefined> => (await read()).proof,
  };
}

/** The same, for functions that write hashes. */
export function makeErasureMarker(table: Table, key: ErasureKey) {
  const own = table.owning('salt#');
  const { stored, read, checkedKey, ...reads } = makeErasureMarkerReads(own, key);
  let latest: Marker = {};

  async function write(change: (marker: Marker) => Marker): Promise<Marker> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const found = await stored();
      latest = found?.value ?? {};
      const next = change(latest);
      if (next === found?.value) return next;
      const item = { ...markerAttributes.encode(next), pk: MARKER };
      const written = found ? await own.replace(item, found.revision) : await own.create(item);
      if (!written.done) continue;
      latest = next;
      return next;
    }
    throw new Error('the marker of erasures could not be written');
  }

  async function newKey(): Promise<string> {
    const proof = proofOf(await key.get());
    const noted = (m: Marker): Marker => (m.erasures ? m : { proof, ...m, erasures: true });
    return checkedKey(latest.erasures ? latest : await write(noted));
  }

  return {
    ...reads,

    /** The key, to write the hash of an erased customer with. Throws `store-unavailable` like `used`. */
    key: newKey,

    /** The same; undefined if the key can't be read and the table has no such hash. */
    async keyIfAny(): Promise<string | undefined> {
      const { erasures } = await read();
      return !erasures && (await key.find()) === undefined ? undefined : newKey();
    },

    /** The key for hashes that nothing has to be found by; undefined if it can't be read, or is another than before. */
    async keyOfLists(): Promise<string | undefined> {
      const value = await key.find();
      if (value === undefined) return undefined;
      const mine = proofOf(value);
      const { proof } = latest.proof ? latest : await write((m) => (m.proof ? m : { ...m, proof: mine }));
      return proof === mine ? value : undefined;
    },

    /** The salt of version 0.1's hashes, made by the first process that needs one. */
    async madeSalt(newSalt: () => string): Promise<string> {
      const { salt } = latest.salt ? latest : await write((m) => (m.salt ? m : { ...m, salt: newSalt() }));
      return salt ?? '';
    },
  };
}
