import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FlowRequest, fingerprint } from '../../../src/lib/messages/message.ts';
import { parseFlow } from '../../../src/lib/sending/contract.ts';
import { BUSINESS, CUSTOMER, idOf, sampleRequest } from '../../support/fakes/samples.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const key = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.constantFrom('', '__proto__', 'constructor', 'toJSON', '10', '9', 'é', '👋'),
);
const leaf: fc.Arbitrary<Json> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
);

/** An object with any own keys, `__proto__` among them. */
const objectOf = (entries: readonly (readonly [string, Json])[]): { readonly [key: string]: Json } =>
  Object.fromEntries(entries);

const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map(objectOf),
  ),
}));

const data = fc.array(fc.tuple(key, value), { maxLength: 5 }).map(objectOf);

const request: fc.Arbitrary<FlowRequest> = fc
  .record({
    text: fc.string({ minLength: 1, unit: 'grapheme' }),
    flowId: fc.string({ minLength: 1 }),
    flowCta: fc.string({ minLength: 1 }),
    screen: fc.string({ minLength: 1 }),
    data,
  })
  .map((fields) => sampleRequest(fields));

/** The same JSON with the keys of every object reversed. */
function reversed(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(reversed);
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(
    Object.entries(json)
      .toReversed()
      .map(([k, v]) => [k, reversed(v)]),
  );
}

/** Replaces the value at one path of an object. */
function changedAt(json: Json, path: readonly number[], change: (old: Json) => Json): Json {
  const [first, ...rest] = path;
  if (first === undefined || typeof json !== 'object' || json === null) return change(json);
  const entries = Object.entries(json as object) as [string, Json][];
  if (entries.length === 0) return change(json);
  const at = first % entries.length;
  const next = entries.map(([k, v], n) => [k, n === at ? changedAt(v, rest, change) : v] as const);
  return Array.isArray(json) ? next.map(([, v]) => v) : objectOf(next);
}

const asText = (json: unknown) => JSON.stringify(json);

/** JSON texts differ if and only if the values do, up to the order of keys. */
const isOther = (a: Json, b: Json) => asText(sorted(a)) !== asText(sorted(b));

function sorted(json: Json): unknown {
  if (Array.isArray(json)) return json.map(sorted);
  if (typeof json !== 'object' || json === null) return json;
  return Object.entries(json)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([k, v]) => [k, sorted(v)]);
}

describe('the fingerprint of a request', () => {
  it('does not depend on the order of keys, at any depth', () => {
    fc.assert(
      fc.property(request, (one) => {
        expect(fingerprint(reversed(one) as FlowRequest)).toBe(fingerprint(one));
      }),
    );
  });

  it('does not depend on how numbers were written', () => {
    const spelling = (digits: string) =>
      fc.constantFrom(
        digits,
        `+${digits}`,
        `+${digits.slice(0, 3)} ${digits.slice(3)}`,
        `(${digits.slice(0, 3)})-${digits.slice(3)}`,
      );
    const body = { ...sampleRequest() };
    fc.assert(
      fc.property(spelling(CUSTOMER), spelling(BUSINESS), (to, from) => {
        expect(fingerprint(parseFlow({ ...body, to, from }, undefined))).toBe(fingerprint(body));
      }),
    );
  });

  it('does not depend on whether a default was written out', () => {
    const { data: _, whenClosed: __, from: ___, ...bare } = sampleRequest();
    const full = { ...bare, from: BUSINESS, data: {}, whenClosed: 'reject' };
    expect(fingerprint(parseFlow(bare, BUSINESS))).toBe(fingerprint(parseFlow(full, undefined)));
  });

  it('does not depend on the messageId, under which it is stored', () => {
    expect(fingerprint(sampleRequest({ messageId: idOf('other') }))).toBe(fingerprint(sampleRequest()));
  });

  it('changes with each field', () => {
    const template = { name: 'hello', languageCode: 'en' };
    // A field that is missing here fails to compile.
    const changes: { readonly [F in Exclude<keyof FlowRequest, 'messageId'>]-?: readonly unknown[] } = {
      to: ['254717746566'],
      from: ['254110090748'],
      text: ['another'],
      flowId: ['another'],
      flowCta: ['another'],
      screen: ['another'],
      data: [{ service: 'x' }],
      whenClosed: ['park', 'template'],
      template: [
        template,
        { ...template, name: 'other' },
        { ...template, languageCode: 'sw' },
        { ...template, placeholders: ['Amina'] },
        { ...template, placeholders: ['Amina', 'Asha'] },
        { ...template, header: { type: 'TEXT', parameter: 'a' } },
        { ...template, header: { type: 'IMAGE', mediaUrl: 'https://x' } },
        { ...template, header: { type: 'DOCUMENT', mediaUrl: 'https://x', filename: 'a.pdf' } },
      ],
      parkForSeconds: [60, 61],
      correlate: [true],
    };
    const prints = Object.entries(changes).flatMap(([field, values]) =>
      values.map((to) => fingerprint({ ...sampleRequest(), [field]: to } as FlowRequest)),
    );
    expect(new Set([...prints, fingerprint(sampleRequest())]).size).toBe(prints.length + 1);
  });

  it('changes when text moves from one field to the next', () => {
    const one = fingerprint(sampleRequest({ flowId: 'ab', screen: 'c' }));
    expect(fingerprint(sampleRequest({ flowId: 'a', screen: 'bc' }))).not.toBe(one);
  });

  it('changes with any value anywhere in data', () => {
    const path = fc.array(fc.nat(5), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(data, path, value, (before, where, to) => {
        const after = changedAt(before, where, () => to);
        fc.pre(isOther(before, after));
        const print = (json: Json) => fingerprint(sampleRequest({ data: json as FlowRequest['data'] }));
        expect(print(after)).not.toBe(print(before));
      }),
    );
  });

  it('changes with a key that is added or removed, whatever its value', () => {
    fc.assert(
      fc.property(data, key, value, (before, name, to) => {
        fc.pre(!Object.hasOwn(before, name));
        const after = objectOf([...Object.entries(before), [name, to]]);
        expect(fingerprint(sampleRequest({ data: after }))).not.toBe(
          fingerprint(sampleRequest({ data: before })),
        );
      }),
    );
  });

  it.each<[string, Json, Json]>([
    ['a number and its text', 1, '1'],
    ['null and its text', null, 'null'],
    ['true and its text', true, 'true'],
    ['a list and an object', [], {}],
    ['a value and a list of it', 'x', ['x']],
    ['null and nothing in a list', [null], []],
    ['two spellings of é', 'é', 'e\u0301'],
    ['an empty text and null', '', null],
    ['zero and false', 0, false],
  ])('distinguishes %s', (_, one, other) => {
    const print = (json: Json) => fingerprint(sampleRequest({ data: { key: json } }));
    expect(print(one)).not.toBe(print(other));
  });

  it.each([
    ['1.0', '1'],
    ['1e2', '100'],
    ['-0', '0'],
    ['0.10', '0.1'],
    ['"\\u00e9"', '"é"'],
  ])('treats %s as %s, which is the same JSON', (one, other) => {
    const print = (json: string) => fingerprint(sampleRequest({ data: { key: JSON.parse(json) as Json } }));
    expect(print(one)).toBe(print(other));
  });
});
