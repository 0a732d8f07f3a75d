/** The object store: the fake, and the adapter on S3's stand-in. */
import type { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSqs } from '../../local/aws/sqs.ts';
import { RecipientsFault } from '../../src/lib/campaigns/plan/recipient.ts';
import { makeObjectStore } from '../../src/lib/campaigns/plan/s3-objects.ts';
import type { ObjectStore } from '../../src/lib/campaigns/ports.ts';
import { fakeObjects } from '../support/fakes/campaigns.ts';
import { storeDown } from '../support/fakes/link.ts';
import { s3ClientFor } from '../support/s3.ts';

const BUCKET = 'recipients';
const MIB = 1024 * 1024;

interface Objects {
  readonly store: ObjectStore;
  /** The same store while the service does not respond. */
  readonly down: ObjectStore;
  close(): Promise<void>;
}

function openFake(): Promise<Objects> {
  const store = fakeObjects(BUCKET);
  const down = store.over(() => Promise.reject(storeDown()));
  return Promise.resolve({ store, down, close: () => Promise.resolve() });
}

async function openS3(): Promise<Objects> {
  const sqs = await startSqs({ port: 0, bucketName: BUCKET });
  const clients: S3Client[] = [s3ClientFor(sqs.url), s3ClientFor('http://127.0.0.1:1')];
  const [store, down] = clients.map((client) => makeObjectStore({ client, bucket: BUCKET }));
  if (!store || !down) throw new Error('no store');
  return {
    store,
    down,
    async close() {
      for (const client of clients) client.destroy();
      await sqs.close();
    },
  };
}

describe.each([
  { name: 'the fake', open: openFake },
  { name: 'S3’s stand-in', open: openS3 },
])('objects on $name', ({ open }) => {
  let objects: Objects;
  let store: ObjectStore;
  beforeAll(async () => {
    objects = await open();
    ({ store } = objects);
  });
  afterAll(() => objects.close());

  let keys = 0;
  const at = (key: string) => ({ bucket: BUCKET, key });
  const newKey = (): string => {
    keys += 1;
    return `plans/${keys}.jsonl`;
  };
  async function put(text: string) {
    const key = newKey();
    await store.put(key, text);
    return { key, ...(await store.head(at(key))) };
  }
  async function textOf(key: string): Promise<string> {
    const { body } = await store.open(at(key));
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    return Buffer.concat(chunks).toString('utf8');
  }

  it('are read as they were put, and measured in bytes', async () => {
    const { key, bytes } = await put('Habari 👋🏽\n');
    expect(bytes).toBe(Buffer.byteLength('Habari 👋🏽\n'));
    expect(await textOf(key)).toBe('Habari 👋🏽\n');
  });

  it('may be empty', async () => {
    const { key, bytes } = await put('');
    expect([bytes, await textOf(key)]).toEqual([0, '']);
  });

  it('may be any bytes', async () => {
    const key = newKey();
    const bytes = Uint8Array.from({ length: 300 }, (_, n) => n % 256);
    await store.put(key, bytes.subarray(7));
    expect(await store.readRange(at(key), { offset: 0, length: 300 })).toEqual(
      Buffer.from(bytes.subarray(7)),
    );
  });

  it('have an etag that identifies one version, however it is read', async () => {
    const { key, etag } = await put('first');
    expect(etag).toMatch(/^".+"$/);
    expect((await store.open(at(key))).etag).toBe(etag);
    await store.put(key, 'second');
    expect((await store.head(at(key))).etag).not.toBe(etag);
    expect(await textOf(key)).toBe('second');
  });

  it('are read in part, and shorter at the end', async () => {
    const { key, etag } = await put('0123456789');
    const part = async (offset: number, length: number) =>
      (await store.readRange({ ...at(key), etag }, { offset, length })).toString();
    expect([await part(0, 3), await part(3, 4), await part(8, 9)]).toEqual(['012', '3456', '89']);
    expect((await store.readRange(at(key), { offset: 1, length: 2 })).toString()).toBe('12');
  });

  it('cannot be read by the etag of an earlier version', async () => {
    const { key, etag } = await put('first');
    await store.put(key, 'other');
    const changed = new RecipientsFault('the file changed after it was planned');
    const read = store.readRange({ ...at(key), etag }, { offset: 0, length: 2 });
    await expect(read).rejects.toThrow(changed);
    await expect(store.open({ ...at(key), etag })).rejects.toThrow(changed);
  });

  it("are the caller's fault when they do not exist", async () => {
    const { key } = await put('elsewhere');
    for (const ref of [at('plans/none'), { bucket: 'another', key }]) {
      const reads = [
        () => store.head(ref),
        () => store.open(ref),
        () => store.readRange(ref, { offset: 0, length: 1 }),
      ];
      for (const read of reads)
        await expect(read()).rejects.toThrow(new RecipientsFault('the file does not exist'));
    }
  });

  it('are gone once they were removed, and can be removed again', async () => {
    const { key } = await put('gone soon');
    await store.remove(key);
    await store.remove(key);
    await expect(store.head(at(key))).rejects.toBeInstanceOf(RecipientsFault);
  });

  it('that are written part by part exist once they are closed', async () => {
    const key = newKey();
    const writer = store.writer(key);
    await writer.write('[1,"é"]\n');
    await writer.write('[2]\n');
    await expect(store.head(at(key))).rejects.toBeInstanceOf(RecipientsFault);
    const written = await writer.close();
    expect(await store.head(at(key))).toMatchObject({ ...written });
    expect(written.bytes).toBe(Buffer.byteLength('[1,"é"]\n[2]\n'));
    expect(await textOf(key)).toBe('[1,"é"]\n[2]\n');
  });

  it('that are written part by part may be empty', async () => {
    const key = newKey();
    const written = await store.writer(key).close();
    expect(await store.head(at(key))).toMatchObject({ ...written });
    expect(await textOf(key)).toBe('');
  });

  it('of several parts are complete, and are read by the etag that the close returned', async () => {
    const key = newKey();
    const writer = store.writer(key);
    for (const letter of ['a', 'b', 'c']) await writer.write(letter.repeat(2.5 * MIB));
    const { etag, bytes } = await writer.close();
    expect(bytes).toBe(7.5 * MIB);
    const edge = await store.readRange({ ...at(key), etag }, { offset: 5 * MIB - 2, length: 4 });
    expect(edge.toString()).toBe('bbcc');
  });

  it('replace an earlier version only when their writer closes', async () => {
    const { key } = await put('before');
    const writer = store.writer(key);
    await writer.write('after');
    expect(await textOf(key)).toBe('before');
    await writer.close();
    expect(await textOf(key)).toBe('after');
  });

  it.each([1, 7])(
    'keep their etag and their time when a rewriter replaces them with %d MiB',
    async (size) => {
      const { key, ...version } = await put('before');
      const rewriter = store.rewriter(key, version);
      await rewriter.write(Buffer.alloc(size * MIB, 'after '));
      await rewriter.close();
      const { etag, modifiedAt, revision } = version;
      const now = await store.head(at(key));
      expect(now).toMatchObject({ etag, modifiedAt, bytes: size * MIB });
      expect(now.revision).not.toBe(revision);
      const part = await store.readRange({ ...at(key), etag }, { offset: 0, length: 5 });
      expect(part.toString()).toBe('after');
      expect((await textOf(key)).length).toBe(size * MIB);
      const again = store.rewriter(key, now);
      await again.write('and again');
      await again.close();
      expect(await store.head(at(key))).toMatchObject({ etag, modifiedAt, bytes: 9 });
      await store.put(key, 'a new one');
      expect((await store.head(at(key))).etag).not.toBe(etag);
    },
  );

  it('are not replaced by a rewriter of an earlier version', async () => {
    const { key, ...version } = await put('first');
    await store.put(key, 'second');
    const rewriter = store.rewriter(key, version);
    await rewriter.write('third');
    await expect(rewriter.close()).rejects.toBeInstanceOf(RecipientsFault);
    expect(await textOf(key)).toBe('second');
  });

  it('are listed by key, from behind one', async () => {
    const made = await Promise.all(['a', 'b', 'c'].map((text) => put(text)));
    const [first, second, third] = made.map(({ key }) => key).toSorted();
    const after = await store.keys(first);
    expect(after).not.toContain(first);
    expect([after.indexOf(second ?? ''), after.indexOf(third ?? '')].every((place) => place >= 0)).toBe(true);
    expect(await store.keys(undefined)).toContain(first);
    expect(await store.keys('~')).toEqual([]);
  });

  it('that were abandoned leave nothing', async () => {
    const key = newKey();
    const writer = store.writer(key);
    await writer.write('half');
    await writer.abort();
    await expect(store.head(at(key))).rejects.toBeInstanceOf(RecipientsFault);
  });

  it('can be uploaded by a URL that names them', async () => {
    const url = new URL(await store.uploadUrl('uploads/a.csv', 900));
    expect(url.pathname).toMatch(/uploads\/a\.csv$/);
  });

  it('are unavailable while the service does not respond, and the caller may retry', async () => {
    const { down } = objects;
    const writer = down.writer('plans/down');
    const calls: [string, () => Promise<unknown>][] = [
      ['head', () => down.head(at('a'))],
      ['open', () => down.open(at('a'))],
      ['readRange', () => down.readRange(at('a'), { offset: 0, length: 1 })],
      ['put', () => down.put('a', 'b')],
      ['remove', () => down.remove('a')],
      ['keys', () => down.keys(undefined)],
      ['close', () => writer.close()],
    ];
    for (const [name, call] of calls) {
      await expect(call(), name).rejects.toMatchObject({ code: 'store-unavailable', retryAfter: 2 });
    }
  });
});
