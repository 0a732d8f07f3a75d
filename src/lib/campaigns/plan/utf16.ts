import { StringDecoder } from 'node:string_decoder';

/** Turns blocks of a file into UTF-8. A character may lie across two of them. */
export interface Decoder {
  decode(block: Buffer): Buffer;
  end(): Buffer;
}

const NOTHING = Buffer.alloc(0);
/** Never part of UTF-8. */
const NO_TEXT = Buffer.from([0xff]);

export const UNCHANGED: Decoder = { decode: (block) => block, end: () => NOTHING };

export function utf16Decoder(order: 'little-endian' | 'big-endian'): Decoder {
  const decoder = new StringDecoder('utf16le');
  let half: Buffer = NOTHING;
  return {
    decode(block) {
      const bytes = Buffer.concat([half, block]);
      const whole = bytes.length - (bytes.length % 2);
      half = bytes.subarray(whole);
      const units = bytes.subarray(0, whole);
      return utf8Of(decoder.write(order === 'big-endian' ? units.swap16() : units));
    },
    end: () => Buffer.concat([utf8Of(decoder.end()), half.length > 0 ? NO_TEXT : NOTHING]),
  };
}

/** Keeps a lone surrogate recognisable, which `Buffer.from` replaces by U+FFFD. */
function utf8Of(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text);
  const [first = '', ...rest] = text.split(/\p{Surrogate}/u);
  return Buffer.concat([Buffer.from(first), ...rest.flatMap((part) => [NO_TEXT, Buffer.from(part)])]);
}
