import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CURSOR_S, type ListQuery, makeCursors } from '../../../src/lib/http/cursor.ts';
import type { Caller } from '../../../src/lib/platform/caller.ts';
import { manualClock, namedRandom } from '../../support/fakes/clock.ts';
import { NOW } from '../../support/fakes/samples.ts';

const keyOf = (secret: string) => createHash('sha256').update(secret).digest();

function process(secret = 'key') {
  const clock = manualClock(NOW);
  const cursorKey = { get: () => Promise.resolve(keyOf(secret)) };
  const cursorsOf = makeCursors({ cursorKey, clock, random: namedRandom(secret) });
  return { clock, cursorsOf };
}

const place = fc.string({ maxLength: 300, unit: 'grapheme' });
const caller: fc.Arbitrary<Caller> = fc.record({
  clientId: fc.constantFrom('crm', 'shop', 'crm","x'),
  seesAll: fc.boolean(),
  namespaceKey: fc.constantFrom(undefined, 'a', 'b'),
});
const query: fc.Arbitrary<ListQuery> = fc.array(
  fc.constantFrom('campaigns', 'recipients', 'spring', undefined),
  {
    maxLength: 3,
  },
);
const REFUSED = { code: 'invalid-request', errors: [{ path: 'after' }] };
const CRM = { clientId: 'crm', seesAll: false };

describe('a cursor', () => {
  it('is the place that it was made of, for the same client and list alone', async () => {
    const property = fc.asyncProperty(
      place,
      caller,
      query,
      caller,
      query,
      async (at, by, of, other, list) => {
        const { cursorsOf } = process();
        const cursor = (await cursorsOf(by, of).seal(at)) ?? '';
        expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
        const same =
          by.clientId === other.clientId &&
          by.namespaceKey === other.namespaceKey &&
          JSON.stringify(of) === JSON.stringify(list);
        const opened = cursorsOf(other, list).open(cursor);
        await (same ? expect(opened).resolves.toBe(at) : expect(opened).rejects.toMatchObject(REFUSED));
        await expect(process('other key').cursorsOf(by, of).open(cursor)).rejects.toMatchObject(REFUSED);
      },
    );
    await fc.assert(property);
  });

  it('shows nothing of its place, and is another one each time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[a-z0-9-]{8,40}$/), async (at) => {
        const cursors = process().cursorsOf(CRM, ['campaigns']);
        const [one, two] = [(await cursors.seal(at)) ?? '', (await cursors.seal(at)) ?? ''];
        expect(one).not.toBe(two);
        expect(Buffer.from(one, 'base64url').toString('latin1')).not.toContain(at);
      }),
    );
  });

  it('is refused with any change, and if it is none', async () => {
    const change = fc.record({ at: fc.nat(), by: fc.integer({ min: 1, max: 63 }) });
    const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    await fc.assert(
      fc.asyncProperty(place, change, fc.string(), async (at, { at: where, by }, text) => {
        const cursors = process().cursorsOf(CRM, ['campaigns']);
        const cursor = (await cursors.seal(at)) ?? '';
        const n = where % cursor.length;
        const to = ALPHABET[(ALPHABET.indexOf(cursor[n] ?? '') + by) % 64];
        const forged = cursor.slice(0, n) + to + cursor.slice(n + 1);
        for (const none of [forged, cursor.slice(0, n), `${cursor}A`, `${cursor}=`, ` ${cursor}`, text])
          await expect(cursors.open(none)).rejects.toMatchObject(REFUSED);
      }),
    );
  });

  it('may be used for a day', async () => {
    const { clock, cursorsOf } = process();
    const cursors = cursorsOf(CRM, []);
    const cursor = (await cursors.seal('here')) ?? '';
    clock.advance(CURSOR_S * 1000 - 1);
    expect(await cursors.open(cursor)).toBe('here');
    clock.advance(1);
    await expect(cursors.open(cursor)).rejects.toMatchObject(REFUSED);
  });

  it('of more than any place is not even decrypted', async () => {
    const cursors = process().cursorsOf(CRM, []);
    await expect(cursors.open('A'.repeat(100_000))).rejects.toMatchObject(REFUSED);
    expect(await cursors.seal(null)).toBeNull();
    expect(await cursors.open(undefined)).toBeUndefined();
  });
});
