import type { PhoneNumber } from '../../whatsapp/phone.ts';

/** Numbers that were seen, to find the duplicates among a million without holding a million strings. */
export interface NumberSet {
  /** False if it was in the set already. Throws a RangeError where the set is full. */
  add(number: PhoneNumber): boolean;
  readonly size: number;
}

/** So many places for each number that a search ends after two or three. */
const PLACES_PER_NUMBER = 1.5;
/** No number is 0. */
const EMPTY = 0;
/** Up to 15 digits a double is exact. Numbering plans of a few countries allow longer numbers, which nobody has. */
const EXACT = /^[1-9]\d{0,14}$/;

/** A hash table with open addressing, 12 bytes a number, allocated once for `capacity` numbers. */
export function makeNumberSet(capacity: number): NumberSet {
  const places = new Float64Array(Math.ceil(capacity * PLACES_PER_NUMBER) + 1);
  const others = new Set<string>();
  let size = 0;

  const placeOf = (value: number) => {
    let place = hashOf(value) % places.length;
    while (places[place] !== EMPTY && places[place] !== value) place = (place + 1) % places.length;
    return place;
  };

  return {
    add(number) {
      const value = EXACT.test(number) ? Number(number) : undefined;
      const place = value === undefined ? undefined : placeOf(value);
      if (place === undefined ? others.has(number) : places[place] === value) return false;
      if (size >= capacity) throw new RangeError(`more than ${capacity} numbers`);
      if (place === undefined) others.add(number);
      else places[place] = Number(number);
      size += 1;
      return true;
    },
    get size() {
      return size;
    },
  };
}

/** Numbers of one country are close to one another: every digit has to move every bit (MurmurHash3's finalizer). */
function hashOf(value: number): number {
  let bits = ((value % 2 ** 32) | 0) ^ Math.imul(Math.floor(value / 2 ** 32), 0x9e3779b1);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
