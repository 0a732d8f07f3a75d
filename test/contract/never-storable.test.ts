/** What DynamoDB can never take is a kind of its own, on the embedded engine and on another DynamoDB. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Aws, startAws } from '../../local/aws/server.ts';
import { systemRandom } from '../../src/lib/platform/clock.ts';
import { makeTable, type OwnItems } from '../../src/lib/platform/dynamo-table.ts';
import { NotStorable } from '../../src/lib/platform/errors.ts';
import { manualClock } from '../support/fakes/clock.ts';
import { NOW } from '../support/fakes/samples.ts';
import { clientFor } from './engines.ts';

let aws: Aws;
let table: OwnItems;
beforeAll(async () => {
  aws = await startAws({ port: 0, tableName: 'never', parameters: {} });
  table = makeTable({
    client: clientFor(aws.url),
    tableName: 'never',
    clock: manualClock(NOW),
    random: systemRandom,
  }).owning('');
});
afterAll(() => aws.close());

it.each<[string, Record<string, unknown>]>([
  ['an item over 400 KB', { text: 'x'.repeat(410 * 1024) }],
  ['a number past 2^53', { code: 2 ** 53 + 2 }],
  ['an infinite number', { code: Number.POSITIVE_INFINITY }],
  ['no number', { at: Number.NaN }],
])('%s cannot be written', async (_, attributes) => {
  const item = { pk: 'a', ...attributes };
  const { create, overwrite, replace } = table;
  for (const write of [create, overwrite, (one: typeof item) => replace(one, 'r')])
    await expect(write(item)).rejects.toBeInstanceOf(NotStorable);
});

it('a key over 2 KB can neither be written nor read', async () => {
  const pk = 'x'.repeat(2_049);
  await expect(table.overwrite({ pk })).rejects.toBeInstanceOf(NotStorable);
  await expect(table.get(pk)).rejects.toBeInstanceOf(NotStorable);
});

it('a lost condition and a store that is down are no such kind', async () => {
  await table.overwrite({ pk: 'there' });
  expect(await table.create({ pk: 'there' })).toMatchObject({ done: false });
  await aws.close();
  const fault = await table.get('there').catch((e: unknown) => e);
  expect(fault).toMatchObject({ code: 'store-unavailable' });
  expect(fault).not.toBeInstanceOf(NotStorable);
});
