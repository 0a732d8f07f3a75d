/** What a write costs on DynamoDB on demand, by the item before and after it. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { StreamRecord } from '../../local/aws/stream.ts';
import { readTable } from '../../local/aws/table.ts';

type Item = Record<string, AttributeValue>;

const bytes = (text: string): number => Buffer.byteLength(text);

/** As the developer guide counts a value. */
const sizeOf = (value: AttributeValue): number => {
  if (value.S !== undefined) return bytes(value.S);
  if (value.N !== undefined) return Math.ceil(value.N.replace(/\D/g, '').length / 2) + 1;
  // Base64, if the item comes from a change stream.
  const { B: binary }: { B?: Uint8Array | string } = value;
  if (binary !== undefined)
    return typeof binary === 'string' ? Buffer.byteLength(binary, 'base64') : binary.length;
  if (value.SS !== undefined) return value.SS.reduce((sum, text) => sum + bytes(text), 0);
  if (value.L !== undefined) return value.L.reduce((sum, one) => sum + 1 + sizeOf(one), 3);
  if (value.M !== undefined) return itemSize(value.M) + 3 + Object.keys(value.M).length;
  return 1;
};

export const itemSize = (item: Item = {}): number =>
  Object.entries(item).reduce((sum, [name, value]) => sum + bytes(name) + sizeOf(value), 0);

const indexes = (readTable('').GlobalSecondaryIndexes ?? []).map(({ KeySchema = [] }) =>
  KeySchema.map(({ AttributeName = '' }) => AttributeName),
);

const entryIn = (keys: string[], item: Item = {}): string | undefined =>
  keys.every((key) => item[key]) ? JSON.stringify(keys.map((key) => item[key])) : undefined;

/** The table's own units, one for each started KB, and one for each entry of an index that comes or goes: keys only. */
export const writeUnits = ({ dynamodb }: StreamRecord): number => {
  const { OldImage: before, NewImage: after } = dynamodb as { OldImage?: Item; NewImage?: Item };
  const own = Math.max(1, Math.ceil(Math.max(itemSize(before), itemSize(after)) / 1024));
  const moved = indexes.flatMap((keys) => {
    const [was, is] = [entryIn(keys, before), entryIn(keys, after)];
    return was === is ? [] : [was, is].filter((entry) => entry !== undefined);
  });
  return own + moved.length;
};
