import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { FILE_LIMITS, type FileLimits, RecipientsFault } from './recipient.ts';
import { type Decoder, UNCHANGED, utf16Decoder } from './utf16.ts';

type Bytes = AsyncIterable<Uint8Array>;

const GZIP = [0x1f, 0x8b];
const XLSX = [0x50, 0x4b, 0x03, 0x04];
/** Excel writes them: before "CSV UTF-8", and before "Unicode text", which is UTF-16. */
const BYTE_ORDER_MARKS: readonly { readonly mark: readonly number[]; readonly decoder: () => Decoder }[] = [
  { mark: [0xef, 0xbb, 0xbf], decoder: () => UNCHANGED },
  { mark: [0xff, 0xfe], decoder: () => utf16Decoder('little-endian') },
  { mark: [0xfe, 0xff], decoder: () => utf16Decoder('big-endian') },
];

const startsWith = (bytes: Uint8Array, magic: readonly number[]) =>
  magic.every((byte, n) => bytes[n] === byte);

/** The same bytes in blocks of at least `least` bytes, except the last. */
export async function* gathered(bytes: Bytes, least: number): AsyncGenerator<Buffer> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of bytes) {
    parts.push(part);
    length += part.length;
    if (length < least) continue;
    yield Buffer.concat(parts);
    parts = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(parts);
}

/** Is it gzip, by its first two bytes? */
export const isGzip = (bytes: Uint8Array): boolean => startsWith(bytes, GZIP);
export const GZIP_MARK_BYTES = GZIP.length;

/**
 * Decompresses gzip, recognised by its first bytes; passes anything else through. Throws `RecipientsFault` for more than
 * the limits allow. `zippedBytes`: the size of the file.
 */
export async function* unzipped(
  bytes: Bytes,
  zippedBytes: number,
  limits: FileLimits = FILE_LIMITS,
): AsyncGenerator<Uint8Array> {
  const blocks = gathered(bytes, GZIP.length);
  const first = await blocks.next();
  if (first.done) return;
  const all = resumed(first.value, blocks);
  yield* isGzip(first.value) ? bounded(gunzipped(all), zippedBytes, limits) : all;
}

async function* bounded(bytes: Bytes, zippedBytes: number, limits: FileLimits): AsyncGenerator<Uint8Array> {
  const byRatio = Math.max(limits.ratioFrom, limits.ratio * zippedBytes);
  let length = 0;
  for await (const piece of bytes) {
    length += piece.length;
    if (length > limits.bytes) throw tooLarge('the gzip file unzips to more', limits);
    if (length > byRatio)
      throw new RecipientsFault(
        `the gzip file unzips to more than ${limits.ratio} times its size: upload it without gzip`,
      );
    yield piece;
  }
}

/** Refuses a file by its size alone. */
export function assertSize(bytes: number, limits: FileLimits = FILE_LIMITS): void {
  if (bytes > limits.bytes) throw tooLarge('the file is larger', limits);
}

function tooLarge(what: string, { bytes }: FileLimits): RecipientsFault {
  return new RecipientsFault(`${what} than ${bytes} bytes: split the recipients into several campaigns`);
}

/**
 * Drops the byte order mark, and turns UTF-16 into UTF-8. The first block needs at least four bytes. What is no
 * text stays none: half a character becomes a byte that UTF-8 doesn't have.
 */
export async function* asUtf8(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let decoder: Decoder | undefined;
  for await (const block of blocks) {
    if (!decoder && startsWith(block, XLSX))
      throw new RecipientsFault('the file is an Excel workbook or a zip archive: save it as CSV');
    const found = decoder ? undefined : BYTE_ORDER_MARKS.find(({ mark }) => startsWith(block, mark));
    decoder ??= found?.decoder() ?? UNCHANGED;
    yield decoder.decode(block.subarray(found?.mark.length ?? 0));
  }
  if (decoder) yield decoder.end();
}

async function* resumed(first: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

/** Decompresses on demand, so that a file that expands hugely never has more than a few chunks in memory. */
async function* gunzipped(bytes: Bytes): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  // A fault of the source or of the decompression surfaces where `gunzip` is read.
  pipeline(bytes, gunzip).catch(() => undefined);
  try {
    for await (const piece of gunzip) yield piece as Buffer;
  } catch (fault) {
    throw isOfZlib(fault)
      ? new RecipientsFault('the gzip data is damaged or truncated', { cause: fault })
      : fault;
  }
}

function isOfZlib(fault: unknown): boolean {
  const code: unknown = fault instanceof Error && 'code' in fault ? fault.code : undefined;
  return typeof code === 'string' && code.startsWith('Z_');
}
