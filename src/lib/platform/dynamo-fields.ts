/* The forms in which a field is stored (`dynamo-codec.ts`). */

/** How a field is stored in one attribute. `absent`: what the field is when the attribute is missing. */
export interface FieldCodec<T> {
  readonly encode: (value: T) => unknown;
  readonly decode: (stored: unknown) => T;
  readonly absent?: T;
}

/** Stored unchanged: text, numbers, booleans, and lists and maps of them. */
export const plain = { form: 'plain' } as const;

/** A Date, stored as epoch milliseconds. */
export const instant: FieldCodec<Date> = {
  encode: (at) => at.getTime(),
  decode: (ms) => new Date(ms as number),
};

/** Epoch seconds, rounded up: the form that TTL needs. */
export const inSeconds = (at: Date): number => Math.ceil(at.getTime() / 1000);

/** A Date, stored as epoch seconds. */
export const seconds: FieldCodec<Date> = {
  encode: inSeconds,
  decode: (s) => new Date((s as number) * 1000),
};

/** JSON text: a caller's data keeps its exact form, however deep. */
export const json = {
  encode: (value: unknown): unknown => JSON.stringify(value),
  decode: (text: unknown): never => JSON.parse(text as string) as never,
};

/** A set of strings. DynamoDB has no empty set: an empty list is an attribute that is missing. */
export const stringSet: FieldCodec<readonly string[]> = {
  encode: (texts) => (texts.length > 0 ? new Set(texts) : undefined),
  decode: (set) => [...(set as Set<string>)],
  absent: [],
};

/** A text with another stored form. Texts that `stored` doesn't list are stored unchanged. */
export function words<T extends string>(stored: { readonly [word in T]?: string }): FieldCodec<T> {
  const inDomain = new Map(Object.entries(stored).map(([word, text]) => [text, word as T]));
  return {
    encode: (word) => stored[word] ?? word,
    decode: (text) => inDomain.get(text as string) ?? (text as T),
  };
}

export function list<T>({ encode, decode }: FieldCodec<T>): FieldCodec<readonly T[]> {
  return {
    encode: (values) => values.map(encode),
    decode: (stored) => (stored as readonly unknown[]).map(decode),
  };
}

/**
 * A record with its fields as attributes of the item itself, not of a map inside it. It is undefined unless
 * all of them exist.
 */
export function inline<T extends object>(fields: FieldsOf<T>): Inline<T> {
  return { fields };
}

/** Stores a field under another attribute name. */
export function as<C>(name: string, codec: C): Named<C> {
  return { name, codec };
}

export interface Named<C> {
  readonly name: string;
  readonly codec: C;
}

export interface Inline<T> {
  readonly fields: FieldsOf<T>;
}

type Scalar = string | number | boolean | bigint | symbol | null | undefined;

type HasDate<T> = T extends Scalar
  ? false
  : T extends Date
    ? true
    : T extends readonly (infer E)[]
      ? HasDate<E>
      : T extends object
        ? HasDate<T[keyof T]>
        : false;

type InOneAttribute<T> = FieldCodec<T> | (true extends HasDate<T> ? never : typeof plain);

type Field<T> = InOneAttribute<T> | Named<InOneAttribute<T>> | (T extends object ? Inline<T> : never);

/** A codec for each field of T, optional ones too. */
export type FieldsOf<T> = { readonly [K in keyof T]-?: Field<Exclude<T[K], undefined>> };
