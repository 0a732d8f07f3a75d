/** Items as version 0.1 wrote them, with the value that 0.1 read from each. */
import { readFileSync } from 'node:fs';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

export type Attributes = Record<string, AttributeValue>;

export interface Dumped {
  readonly kind: string;
  /** The value that 0.1 read, under the field names of 0.1. */
  readonly value: unknown;
  /** What the store was given besides the value. */
  readonly given?: { readonly dueAt?: Date };
  readonly item: Attributes;
}

const dates = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && '$date' in value ? new Date(String(value.$date)) : value;

export const dump: readonly Dumped[] = readFileSync(new URL('./items-0.1.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line, dates) as Dumped);
