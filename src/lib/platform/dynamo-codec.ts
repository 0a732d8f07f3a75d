import type { FieldCodec, FieldsOf, Inline, Named, plain } from './dynamo-fields.ts';
import type { Item, OwnItems, Reads } from './dynamo-table.ts';
import type { Stored, Versioned, Written } from './ports.ts';

/*
 * How a value of the domain is stored: one line per field. A field that the codec misses does not compile, and
 * neither does a `plain` field that holds a Date. An attribute may have another name than its field (`as`): names in
 * the table never change. Attributes of a later release survive a read and the write after it.
 */

/** A map with attributes of its own. */
export function record<T extends object>(fields: FieldsOf<T>): FieldCodec<T> {
  const { encode, decode } = attributes<T>({ fields });
  return { encode, decode: (stored) => decode(stored as Attributes) };
}

type Attributes = Readonly<Record<string, unknown>>;

/** Works on any field: what `FieldsOf` has checked by type is applied without types. */
type AnyField = InAnyForm | Named<InAnyForm> | Inline<object>;

type InAnyForm = typeof plain | FieldCodec<unknown>;

interface Entry {
  readonly field: string;
  readonly name: string;
  readonly codec: FieldCodec<unknown>;
}

interface InlineEntry {
  readonly field: string;
  readonly inline: readonly Entry[];
}

const asItIs: FieldCodec<unknown> = { encode: (value) => value, decode: (stored) => stored };

function entriesOf(fields: object): { own: readonly Entry[]; inlined: readonly InlineEntry[] } {
  const own: Entry[] = [];
  const inlined: InlineEntry[] = [];
  for (const [field, given] of Object.entries(fields) as [string, AnyField][]) {
    if ('fields' in given) {
      inlined.push({ field, inline: entriesOf(given.fields).own });
      continue;
    }
    const { name, codec } = 'codec' in given ? given : { name: field, codec: given };
    own.push({ field, name, codec: 'form' in codec ? asItIs : codec });
  }
  return { own, inlined };
}

/** The key under which a value carries attributes that this release does not know. Spreading the value keeps them. */
const LATER = Symbol('attributes of a later release');

/** Attributes of every item that are not fields of a value. */
const NO_FIELDS = ['pk', 'rev'];

/** Attributes computed from the value, such as index keys. Written with it, and ignored when it is read. */
export type Derived<T> = Readonly<Record<string, (value: T) => unknown>>;

/** The codec of a value's attributes. `Fields`: the fields stored as attributes, by default all. */
export function attributes<T extends object, Fields = T>({
  fields,
  derived = {},
}: {
  readonly fields: FieldsOf<Fields>;
  readonly derived?: Derived<T>;
}) {
  const { own, inlined } = entriesOf(fields);
  const derivations = Object.entries(derived);
  const known = new Set([
    ...NO_FIELDS,
    ...Object.keys(derived),
    ...[...own, ...inlined.flatMap(({ inline }) => inline)].map(({ name }) => name),
  ]);

  function encode(value: T): Record<string, unknown> {
    const given = value as Readonly<Record<string | symbol, unknown>>;
    const item: Record<string, unknown> = { ...(given[LATER] as Attributes | undefined) };
    write(own, given, item);
    for (const { field, inline } of inlined) write(inline, (given[field] ?? {}) as Attributes, item);
    for (const [name, derive] of derivations) item[name] = derive(value);
    return item;
  }

  function decode(item: Attributes): Fields {
    const value: Record<string | symbol, unknown> = read(own, item);
    for (const { field, inline } of inlined) {
      const found = read(inline, item);
      if (inline.every(({ field: one }) => found[one] !== undefined)) value[field] = found;
    }
    const later = Object.keys(item).filter((name) => !known.has(name) && item[name] !== undefined);
    if (later.length > 0) value[LATER] = Object.fromEntries(later.map((name) => [name, item[name]]));
    return value as Fields;
  }

  return { encode, decode };
}

function write(entries: readonly Entry[], value: Attributes, item: Record<string, unknown>): void {
  for (const { field, name, codec } of entries) {
    const one = value[field];
    if (one !== undefined) item[name] = codec.encode(one);
  }
}

function read(entries: readonly Entry[], item: Attributes): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const { field, name, codec } of entries) {
    const stored = item[name];
    const one = stored === undefined ? codec.absent : codec.decode(stored);
    if (one !== undefined) value[field] = one;
  }
  return value;
}

/** The keys of one kind of item: a prefix and an id. */
export function prefixed<Id extends string>(prefix: string) {
  return { pkOf: (id: Id) => prefix + id, idIn: (pk: string) => pk.slice(prefix.length) as Id };
}

/** A kind of item for `makeVersioned`. The field `key` of T is the item's key; every other field is an attribute. */
export function itemCodec<T extends object, K extends keyof T & string>({
  key,
  pkOf,
  idIn,
  ...rest
}: {
  readonly key: K;
  readonly pkOf: (id: T[K]) => string;
  readonly idIn: (pk: string) => T[K];
  readonly fields: FieldsOf<Omit<T, K>>;
  readonly derived?: Derived<T>;
}): Codec<T[K], T> {
  const { encode, decode } = attributes<T, Omit<T, K>>(rest);
  return {
    pkOf,
    keyOf: (value) => value[key],
    toItem: encode,
    fromItem: (item) => Object.assign(decode(item) as T, { [key]: idIn(item.pk) }),
  };
}

/** How one kind of value is stored (`itemCodec`). */
export interface Codec<Key, T> {
  pkOf(key: Key): string;
  keyOf(value: T): Key;
  /** Everything but the key. */
  toItem(value: T): Record<string, unknown>;
  fromItem(item: Item): T;
}

/** Reads one kind of value. */
export function makeRead<Key, T>(table: Pick<Reads, 'get'>, codec: Codec<Key, T>) {
  return {
    async get(key: Key): Promise<Stored<T> | undefined> {
      const stored = await table.get(codec.pkOf(key));
      return stored && storedIn(codec, stored);
    },
  };
}

/** A store of one kind of value. `table` owns its prefix. */
export function makeVersioned<Key, T>(table: OwnItems, codec: Codec<Key, T>) {
  const item = (value: T): Item => ({ ...codec.toItem(value), pk: codec.pkOf(codec.keyOf(value)) });
  const written = (result: Written<Item>): Written<T> =>
    result.done
      ? { done: true, stored: storedIn(codec, result.stored) }
      : { done: false, stored: result.stored && storedIn(codec, result.stored) };

  return {
    ...makeRead(table, codec),
    async create(value: T): Promise<Written<T>> {
      return written(await table.create(item(value)));
    },
    async replace({ revision }: Stored<T>, value: T): Promise<Written<T>> {
      return written(await table.replace(item(value), revision));
    },
    remove({ value, revision }: Stored<T>): Promise<boolean> {
      return table.remove(codec.pkOf(codec.keyOf(value)), revision);
    },
  } satisfies Versioned<Key, T> & { remove(stored: Stored<T>): Promise<boolean> };
}

function storedIn<Key, T>(codec: Codec<Key, T>, { value, revision }: Stored<Item>): Stored<T> {
  return { value: codec.fromItem(value), revision };
}
