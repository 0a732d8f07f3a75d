import type { PhoneNumber } from '../../whatsapp/phone.ts';

/*
 * The numbers of a plan, each with the line of its first row: a hash table with open addressing in one typed array.
 * A slot has three words of 32 bits: the number's upper and lower half, and the line. 19 digits, the most of any
 * numbering plan, fit in 64 bits. Lines begin at 1, so a slot with line 0 is empty.
 */

export interface SeenNumbers {
  readonly size: () => number;
  /** Undefined if the number was not added. */
  readonly lineOf: (number: PhoneNumber) => number | undefined;
  /** The number must be a new one. */
  readonly add: (number: PhoneNumber, line: number) => void;
  /** What was added since the last call, in the form that `refill` takes. */
  readonly takeAdded: () => Buffer;
  readonly refill: (added: Uint8Array) => void;
}

const WORDS = 3;
export const ENTRY_BYTES = WORDS * Uint32Array.BYTES_PER_ELEMENT;
/** Of the slots, at most. */
const LOAD = 0.7;
const WORD = 2 ** 32;
/** A double holds so many digits. */
const EXACT_DIGITS = 15;

/** Room for `expected` numbers is allocated at once: memory stays the same up to that count. Beyond, it doubles. */
export function makeSeenNumbers(expected = 1_024): SeenNumbers {
  let slots = slotsFor(expected);
  let size = 0;
  const added = makeJournal();

  function place(high: number, low: number, line: number): void {
    if (size + 1 > LOAD * (slots.length / WORDS)) grow();
    const at = slotIn(slots, high, low);
    slots[at] = high;
    slots[at + 1] = low;
    slots[at + 2] = line;
    size += 1;
  }

  function grow(): void {
    const old = slots;
    slots = slotsFor(2 * LOAD * (old.length / WORDS));
    for (let at = 0; at < old.length; at += WORDS) {
      const [high = 0, low = 0, line = 0] = [old[at], old[at + 1], old[at + 2]];
      if (line > 0) slots.set([high, low, line], slotIn(slots, high, low));
    }
  }

  return {
    size: () => size,
    lineOf(number) {
      const { high, low } = halvesOf(number);
      return slots[slotIn(slots, high, low) + 2] || undefined;
    },
    add(number, line) {
      const { high, low } = halvesOf(number);
      place(high, low, line);
      added.note(high, low, line);
    },
    takeAdded: added.take,
    refill(entries) {
      const view = new DataView(entries.buffer, entries.byteOffset, entries.byteLength);
      for (let at = 0; at < entries.byteLength; at += ENTRY_BYTES)
        place(view.getUint32(at, true), view.getUint32(at + 4, true), view.getUint32(at + 8, true));
    },
  };
}

function slotsFor(count: number): Uint32Array {
  return new Uint32Array(WORDS * 2 ** Math.ceil(Math.log2(Math.max(count, 1) / LOAD)));
}

/** The number's slot, or the empty one in which it belongs. */
function slotIn(slots: Uint32Array, high: number, low: number): number {
  const mask = slots.length / WORDS - 1;
  let at = hash(high, low) & mask;
  for (;;) {
    const word = WORDS * at;
    if (slots[word + 2] === 0 || (slots[word] === high && slots[word + 1] === low)) return word;
    at = (at + 1) & mask;
  }
}

/** MurmurHash3's mixing: numbers in a row, which files often have, spread over all slots. */
function hash(high: number, low: number): number {
  let mixed = Math.imul(high, 0x9e3779b1) ^ low;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

function halvesOf(number: PhoneNumber): { readonly high: number; readonly low: number } {
  if (number.length > EXACT_DIGITS) {
    const value = BigInt(number);
    return { high: Number(value >> 32n), low: Number(value & 0xffffffffn) };
  }
  const value = Number(number);
  return { high: Math.floor(value / WORD), low: value % WORD };
}

/** Entries in the order in which they were noted, little-endian. */
function makeJournal() {
  let buffer = Buffer.alloc(ENTRY_BYTES * 1_024);
  let length = 0;
  return {
    note(high: number, low: number, line: number): void {
      if (length === buffer.length) buffer = Buffer.concat([buffer], 2 * length);
      length = buffer.writeUInt32LE(high, length);
      length = buffer.writeUInt32LE(low, length);
      length = buffer.writeUInt32LE(line, length);
    },
    take(): Buffer {
      const all = Buffer.from(buffer.subarray(0, length));
      length = 0;
      return all;
    },
  };
}
