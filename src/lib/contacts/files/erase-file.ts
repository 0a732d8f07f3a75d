import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { asUtf8, GZIP_MARK_BYTES, gathered, isGzip, unzipped } from '../../campaigns/plan/bytes.ts';
import { FILE_LIMITS, RecipientsFault } from '../../campaigns/plan/recipient.ts';
import type { ObjectStore, ObjectVersion, ObjectWriter } from '../../campaigns/ports.ts';
import type { PhoneNumber } from '../../whatsapp/customer.ts';
import { edited, withoutEntry } from './edits.ts';
import { type Contents, findEdits } from './find-edits.ts';

/*
 * Takes a person out of one file of recipients, in flat memory and without moving a byte:
 *
 * 1. Read the file, and note the records that name the number.
 * 2. If there are any, read the same version again, and write it with these records edited. It replaces only that version.
 * 3. Begin again, until nothing is found: someone may have put another version, or there were too many records at once.
 *
 * A file that can't be decoded can't be planned and can't be searched: it is emptied.
 */

const BLOCK_BYTES = 64 * 1024;
const MOST_EDITS = 50_000;
const TRIES = 1_000;
/** Blanks are zipped better than what they replace, so a file's ratio grows. gzip has none of more than 1,032. */
const LIMITS = { ...FILE_LIMITS, ratio: 1_100 };

type Outcome = 'clean' | 'again' | 'gone';

export type EraseFile = ReturnType<typeof makeEraseFile>;

export function makeEraseFile({ objects }: { readonly objects: ObjectStore }) {
  const at = (key: string) => ({ bucket: objects.bucket, key });

  /** True if the file named the person. Throws `store-unavailable`. */
  return async function eraseFile(key: string, number: PhoneNumber): Promise<boolean> {
    const once = key.endsWith('.numbers') ? inNumbers : inText;
    for (let tries = 0; tries < TRIES; tries += 1) {
      const outcome = await once(key, number).catch(orGone);
      if (outcome !== 'again') return tries > 0;
    }
    throw new Error('a file changes faster than it can be searched');
  };

  async function inText(key: string, number: PhoneNumber): Promise<Outcome> {
    const { bytes, ...version } = await objects.head(at(key));
    if (bytes === 0) return 'clean';
    const isZipped = isGzip(await objects.readRange(at(key), { offset: 0, length: GZIP_MARK_BYTES }));
    const edits = await findEdits(contentsOf(key))(
      await textOf(key, version, bytes),
      number,
      MOST_EDITS,
    ).catch((fault: unknown) => {
      if (fault instanceof RecipientsFault) return 'unreadable' as const;
      throw fault;
    });
    if (edits === 'unreadable') return replaced(key, version, nothing());
    if (edits.length === 0) return 'clean';
    const text = edited(await textOf(key, version, bytes), edits, number);
    return replaced(key, version, isZipped ? zipped(text) : text);
  }

  async function textOf(
    key: string,
    { etag, revision }: ObjectVersion,
    size: number,
  ): Promise<AsyncIterable<Buffer>> {
    const { body, ...found } = await objects.open({ ...at(key), etag });
    if (found.revision !== revision) throw new Changed();
    return gathered(asUtf8(gathered(unzipped(body, size, LIMITS), BLOCK_BYTES)), BLOCK_BYTES);
  }

  async function inNumbers(key: string, number: PhoneNumber): Promise<Outcome> {
    const { body, ...version } = await objects.open(at(key));
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    const { found, entries } = withoutEntry(Buffer.concat(chunks), number);
    return found ? replaced(key, version, Readable.from([entries])) : 'clean';
  }

  async function replaced(
    key: string,
    version: ObjectVersion,
    content: AsyncIterable<Uint8Array>,
  ): Promise<Outcome> {
    const writer = objects.rewriter(key, version);
    try {
      await copy(content, writer);
    } catch (fault) {
      await writer.abort();
      throw fault;
    }
    // Another version lies there by now if this fails, or none: the next search tells.
    await writer.close().catch((fault: unknown) => {
      if (!(fault instanceof RecipientsFault)) throw fault;
    });
    return 'again';
  }
}

/** Another version than the one that was searched. */
class Changed extends Error {}

/** Between two reads, the file may have gone or changed. */
function orGone(fault: unknown): Outcome {
  if (fault instanceof Changed) return 'again';
  if (fault instanceof RecipientsFault) return 'gone';
  throw fault;
}

function contentsOf(key: string): Contents {
  if (key.startsWith('plans/')) return 'lines';
  return key.endsWith('.csv') ? 'csv' : 'jsonl';
}

async function copy(content: AsyncIterable<Uint8Array>, writer: ObjectWriter): Promise<void> {
  for await (const part of content) if (part.length > 0) await writer.write(part);
}

function zipped(text: AsyncIterable<Buffer>): AsyncIterable<Uint8Array> {
  const gzip = createGzip();
  // A fault of the text surfaces where `gzip` is read.
  pipeline(text, gzip).catch(() => undefined);
  return gzip;
}

async function* nothing(): AsyncIterable<Uint8Array> {}
