/** A person is taken out of a file: no byte moves, no other recipient is lost, and the number is nowhere, in any spelling. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { planLine } from '../../../src/lib/campaigns/ledger.ts';
import { readRows } from '../../../src/lib/campaigns/plan/read-rows.ts';
import { makeSeenNumbers } from '../../../src/lib/campaigns/plan/seen-numbers.ts';
import { makeEraseFile } from '../../../src/lib/contacts/files/erase-file.ts';
import type { PhoneNumber } from '../../../src/lib/whatsapp/customer.ts';
import { isNamedIn } from '../../../src/lib/whatsapp/phone.ts';
import { fakeObjects } from '../../support/fakes/campaigns.ts';

const [MINE, OTHER] = ['254717746565', '254700000001'] as PhoneNumber[] as [PhoneNumber, PhoneNumber];

async function erased(key: string, content: string | Uint8Array, number = MINE) {
  const objects = fakeObjects();
  objects.place(key, content);
  const before = await objects.head({ bucket: objects.bucket, key });
  const isHit = await makeEraseFile({ objects })(key, number);
  const { body, ...after } = await objects.open({ bucket: objects.bucket, key });
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  expect(after).toMatchObject({ etag: before.etag, modifiedAt: before.modifiedAt });
  return { isHit, bytes: Buffer.concat(parts), objects };
}

async function rowsOf(content: Uint8Array, format: 'csv' | 'jsonl') {
  const rows = [];
  async function* stream() {
    yield await Promise.resolve(content);
  }
  for await (const row of readRows(stream(), { format, size: content.length }))
    if (row.kind !== 'header') rows.push(row);
  return rows;
}

const CSV = [
  'to;name;agent',
  `${OTHER};"a ""quoted""\nname";+254 700 000 009`,
  `+254 (717) 746-565;"two\r\nlines of ""them""";x`,
  `254700000003;Asha;+254-717 746565`,
  `254700000004;wamid.${Buffer.from(`\u001d\f${MINE}\u0015\u0002`).toString('base64')};`,
  `254700000005;Juma;${MINE}9`,
  '',
].join('\r\n');

const SPELLINGS: [string, Uint8Array][] = [
  ['as UTF-8', Buffer.from(CSV)],
  ['with a byte order mark', Buffer.from(`\ufeff${CSV}`)],
  ['as UTF-16', Buffer.from(`\ufeff${CSV}`, 'utf16le')],
  ['compressed', gzipSync(CSV)],
];

describe('a CSV file', () => {
  it.each(SPELLINGS)(
    '%s loses the rows of the person alone, and keeps the places of all others',
    async (_, content) => {
      const { isHit, bytes } = await erased('uploads/c/1.csv', content);
      expect(isHit).toBe(true);
      const text = bytes[0] === 0x1f ? gunzipSync(bytes) : bytes;
      expect(text.length).toBe(Buffer.byteLength(CSV));
      expect(isNamedIn(text.toString(), MINE)).toBe(false);
      const before = await rowsOf(Buffer.from(CSV), 'csv');
      const rows = await rowsOf(bytes, 'csv');
      const kept = [OTHER, '254700000003', '254700000005'];
      expect(rows.map((row) => row.kind === 'row' && row.columns['to'])).toEqual(kept);
      const places = new Map(before.map(({ line, end }) => [line, end]));
      for (const { line, end } of rows) expect(end).toEqual(places.get(line));
      expect(text.toString()).toContain('254700000003;Asha;+000-000 000000');
    },
  );

  it('without the person stays as it is, to the byte', async () => {
    const text = `to,name\n${OTHER},Asha\n`;
    const { isHit, bytes } = await erased('uploads/c/1.csv', text);
    expect([isHit, bytes.toString()]).toEqual([false, text]);
  });

  it('loses rows that are too long to be read, which are no recipients', async () => {
    const text = `to,name\n${MINE},${'x'.repeat(40_000)}\n${OTHER},Asha\n`;
    const { bytes } = await erased('uploads/c/1.csv', text);
    expect(bytes.length).toBe(text.length);
    expect(bytes.toString().trim().split(/\s+/)).toEqual(['to,name', `${OTHER},Asha`]);
  });

  it('with half a million rows, one in five of the person, loses them all', async () => {
    const line = (n: number) => `${n % 5 === 0 ? MINE : 254_700_000_000 + n},name ${n}\n`;
    const text = `to,name\n${Array.from({ length: 500_000 }, (_, n) => line(n)).join('')}`;
    const { bytes } = await erased('uploads/c/1.csv', text);
    expect(bytes.length).toBe(text.length);
    expect(bytes.includes(MINE)).toBe(false);
    expect(bytes.toString().match(/name/g)).toHaveLength(400_001);
  });

  it('that cannot be decoded is emptied: nothing can be planned from it, and nothing found in it', async () => {
    const broken = gzipSync(CSV).subarray(0, 60);
    expect((await erased('uploads/c/1.csv', broken)).bytes.length).toBe(0);
    const workbook = Buffer.from([0x50, 0x4b, 0x03, 0x04, 1, 2, 3]);
    expect((await erased('uploads/c/1.csv', workbook)).bytes.length).toBe(0);
  });
});

describe('the files of a plan', () => {
  it('lose the line of the person, and the digits in the line of another', async () => {
    const own = planLine({ line: 3, to: MINE, columns: { name: 'Wanjiru' } });
    const others = planLine({
      line: 4,
      to: OTHER,
      columns: { agent: '+254 717 746565', name: 'x'.repeat(70_000) },
    });
    const { bytes } = await erased('plans/c/p/0-1.jsonl', others + own + others);
    const masked = others.replace('+254 717 746565', '+000 000 000000');
    expect(bytes.toString()).toBe(`${masked}${' '.repeat(own.length - 1)}\n${masked}`);
  });

  it('lose the number among the numbers seen, and keep the count', async () => {
    const seen = makeSeenNumbers();
    seen.add(MINE, 2);
    seen.add(OTHER, 3);
    const { bytes } = await erased('plans/c/p/0-1.numbers', seen.takeAdded());
    const again = makeSeenNumbers();
    again.refill(bytes);
    expect([again.size(), again.lineOf(MINE), again.lineOf(OTHER)]).toEqual([2, undefined, 3]);
  });

  it('lose what a rejected row says of the person', async () => {
    const row = JSON.stringify({ line: 2, kind: 'invalid', reason: `column ${MINE} is odd` });
    const { bytes } = await erased('plans/c/p/0-1.rejected.jsonl', `${row}\n{"line":3}\n`);
    expect(bytes.toString()).toBe(`${' '.repeat(row.length)}\n{"line":3}\n`);
  });
});

describe('a number that is a part of the numbers of others', () => {
  const PART = '25471774656' as PhoneNumber;

  it.each([
    ['uploads/c/1.csv', `to,name\n+${MINE},Asha\n+254 (717) 746-565,Juma\n`],
    ['uploads/c/1.jsonl', `{"to":"${MINE}","name":"Asha"}\n{"to":${MINE}}\n`],
    ['plans/c/p/0-1.jsonl', planLine({ line: 1, to: MINE, columns: { to: MINE, name: 'Asha' } })],
  ])('is in %s, and changes nothing there', async (key, content) => {
    const { isHit, bytes } = await erased(key, content, PART);
    expect([isHit, bytes.toString()]).toEqual([false, content]);
  });

  it('is taken out of their rows, which keep their own numbers', async () => {
    const csv = `to,agent\n+${MINE},+${PART}\n${PART},x\n`;
    const jsonl = `{"to":"${MINE}","text":"call ${PART} or ${MINE}9"}\n`;
    const line = planLine({ line: 1, to: MINE, columns: { to: MINE, name: `+254 717-746 56` } });
    const [zeros, blank] = [PART, `${PART},x`].map((text, n) => (n ? ' ' : '0').repeat(text.length));
    const one = await erased('uploads/c/1.csv', csv, PART);
    expect(one.bytes.toString()).toBe(`to,agent\n+${MINE},+${zeros}\n${blank}\n`);
    const two = await erased('uploads/c/1.jsonl', jsonl, PART);
    expect(two.bytes.toString()).toBe(`{"to":"${MINE}","text":"call ${zeros} or ${zeros}59"}\n`);
    const three = await erased('plans/c/p/0-1.jsonl', line, PART);
    expect(three.bytes.toString()).toBe(line.replace('254 717-746 56', '000 000-000 00'));
  });
});

describe('a file that changes as it is searched', () => {
  it('is searched again, and the newer version is not overwritten', async () => {
    const objects = fakeObjects();
    const key = 'uploads/c/1.csv';
    objects.place(key, `to\n${MINE}\n`);
    const newer = `to\n${OTHER}\n${MINE}\n`;
    let writes = 0;
    const rewriter: typeof objects.rewriter = (...given) => {
      writes += 1;
      if (writes === 1) objects.place(key, newer);
      return objects.rewriter(...given);
    };
    await makeEraseFile({ objects: { ...objects, rewriter } })(key, MINE);
    expect(writes).toBe(2);
    expect(objects.contentOf(key)).toBe(`to\n${OTHER}\n${' '.repeat(MINE.length)}\n`);
  });
});
