import { itemCodec, makeVersioned, prefixed } from '../platform/dynamo-codec.ts';
import { as, instant, plain, seconds } from '../platform/dynamo-fields.ts';
import type { Table } from '../platform/dynamo-table.ts';
import type { TemplateLock, TemplateLockStore } from './ports.ts';

export const templateLockCodec = itemCodec<TemplateLock, 'key'>({
  key: 'key',
  ...prefixed<string>('invitation#'),
  fields: { holder: plain, at: instant, until: as('expires', seconds) },
});

export function makeTemplateLockStore(table: Table): TemplateLockStore {
  const own = table.owning('invitation#');
  return {
    ...makeVersioned(own, templateLockCodec),
    drop: (key) => own.drop(templateLockCodec.pkOf(key)),
  };
}
