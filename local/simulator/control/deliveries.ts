import * as z from 'zod';
import type { Delivery } from '../conversation.ts';

const fields = ['messageId', 'waId', 'to', 'from', 'kind', 'at', 'status'] as const;

const wanted = z.strictObject({
  messageId: z.string().optional(),
  fields: z
    .string()
    .transform((list) => list.split(','))
    .pipe(z.array(z.enum(fields)).min(1))
    .optional(),
  skip: z.coerce.number().int().min(0).default(0),
});

/**
 * `?fields=to,at` returns only these fields, as a list of values per delivery, and `?skip=` leaves out the first ones. So
 * a test can poll thousands of deliveries.
 */
export function shownDeliveries(all: readonly Delivery[], query: URLSearchParams): unknown {
  const { fields: names, skip } = wanted.parse(Object.fromEntries(query));
  const some = all.slice(skip);
  return names ? some.map((delivery) => names.map((name) => delivery[name])) : some;
}
