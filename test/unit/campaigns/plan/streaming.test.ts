import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readRows } from '../../../../src/lib/campaigns/plan/read-rows.ts';
import { RecipientsFault } from '../../../../src/lib/campaigns/plan/recipient.ts';
import { asStream, inPieces, rowsOf } from '../../../support/recipients.ts';

const FILE = 'to,name\n1,a\n2,b\n';
/** Of a file without limits. */
const size = Number.POSITIVE_INFINITY;
const ROWS = await rowsOf('csv', FILE);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is held, without what only waits for the garbage collector, which is late on a busy machine. */
const liveBytes = (): number => {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
};

/** Endless rows, with a count of the pieces taken. */
function endless(piece: (n: number) => Uint8Array, first: Uint8Array = Buffer.from('to,name\n')) {
  const seen = { pieces: 0, closed: false };
  function* bytes(): Iterable<Uint8Array> {
    try {
      yield first;
      for (; ; seen.pieces += 1) yield piece(seen.pieces);
    } finally {
      seen.closed = true;
    }
  }
  return { bytes: asStream(bytes()), seen };
}

describe('a file of recipients as a stream', () => {
  it('may arrive in pieces of any size', async () => {
    for (const size of [1, 2, 3, 7, 1_000]) {
      expect(await rowsOf('csv', inPieces(FILE, size))).toEqual(ROWS);
      expect(await rowsOf('csv', inPieces(`\ufeff${FILE}`, size))).toEqual(ROWS);
      expect(await rowsOf('csv', inPieces(gzipSync(FILE), size))).toEqual(ROWS);
      const wide = Buffer.from(`\ufeff${FILE}3,😀\n`, 'utf16le');
      for (const bytes of [wide, gzipSync(wide), Buffer.from(wide).swap16()]) {
        const last = { kind: 'row', line: 4, columns: { to: '3', name: '😀' } };
        expect(await rowsOf('csv', inPieces(bytes, size))).toEqual([...ROWS, last]);
      }
    }
  });

  it('may be gzip in several members, with a byte order mark inside', async () => {
    const zipped = Buffer.concat([gzipSync('\ufeffto,name\n1,a\n'), gzipSync('2,b\n')]);
    expect(await rowsOf('csv', zipped)).toEqual(ROWS);
  });

  it.each([
    ['cut off', gzipSync(FILE.repeat(1_000)).subarray(0, -9)],
    ['cut off in its header', gzipSync(FILE).subarray(0, 5)],
    ['damaged', Buffer.concat([gzipSync(FILE).subarray(0, 12), Buffer.alloc(40, 0xff)])],
  ])('fails when its gzip data is %s', async (_, bytes) => {
    await expect(rowsOf('csv', bytes)).rejects.toThrow(
      new RecipientsFault('the gzip data is damaged or truncated'),
    );
  });

  it('passes on an error of its source unchanged', async () => {
    const broken = new Error('connection lost');
    function* failing(first: Uint8Array): Iterable<Uint8Array> {
      yield first;
      throw broken;
    }
    await expect(rowsOf('csv', asStream(failing(Buffer.from(FILE))))).rejects.toBe(broken);
    await expect(rowsOf('csv', asStream(failing(gzipSync(FILE))))).rejects.toBe(broken);
  });

  it('is read no faster than its rows are taken, and is closed when the reader stops', async () => {
    const { bytes, seen } = endless((n) => Buffer.from(`${n},${'x'.repeat(1_000)}\n`));
    for await (const row of readRows(bytes, { format: 'csv', size })) if (row.kind === 'row') break;
    expect(seen.pieces).toBeLessThan(100);
    expect(seen.closed).toBe(true);
  });

  it('is closed even if its first piece was enough', async () => {
    const { bytes, seen } = endless(() => Buffer.from('1,a\n'.repeat(50_000)), Buffer.from(''));
    for await (const row of readRows(bytes, { format: 'jsonl', size })) if (row.kind === 'bad') break;
    expect(seen).toEqual({ pieces: 0, closed: true });
  });

  it('is closed even if the reader stops in the middle of gzip data', async () => {
    const { bytes, seen } = endless((n) => Buffer.from(`${n},${'x'.repeat(10_000)}\n`));
    async function* zipped() {
      for await (const part of bytes) yield gzipSync(part);
    }
    for await (const row of readRows(zipped(), { format: 'csv', size })) if (row.kind === 'row') break;
    await expect.poll(() => seen.closed).toBe(true);
  });

  it.each([
    ['one endless line', 'x'],
    ['a quote that is never closed', '"'],
  ])('does not fill the memory when 100 KB expand to %s', async (_, start) => {
    const member = gzipSync(Buffer.alloc(1_000_000, 'x'));
    const bomb = Buffer.concat([gzipSync(`to\n${start}`), ...Array.from({ length: 100 }, () => member)]);
    const before = liveBytes();
    let most = 0;
    let isOver = false;
    const watching = (async () => {
      // Seldom: to collect the garbage takes long itself.
      for (; !isOver; await sleep(50)) most = Math.max(most, liveBytes() - before);
    })();
    const rows = await rowsOf('csv', bomb).finally(() => {
      isOver = true;
    });
    await watching;
    expect(rows.map((row) => row.kind)).toEqual(['header', 'bad']);

    expect(most).toBeLessThan(60_000_000);
  });
});
