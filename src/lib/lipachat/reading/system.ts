import type { Customer } from '../../whatsapp/customer.ts';
import type { Callback } from '../callback.ts';
import { readSystemAs } from './event-kinds.ts';
import { pick, readerOf, recordIn, wordIn } from './fields.ts';
import { instantIn } from './instants.ts';
import { idOf, personIn } from './people.ts';
import { businessOf, notice, remarked, type Source } from './surroundings.ts';

/* A customer changes the number or the user id: WhatsApp's `system` messages, and its former `user_id_update`. */

export function readSystem(source: Source): Callback {
  const { fields } = source;
  const system = recordIn(pick(fields, 'system'));
  const type = wordIn(pick(system, 'type'));
  if (readSystemAs(type) !== 'moved') return remarked(notice('system'), source);
  const number = pick(fields, 'from') ?? pick(system, 'customer');
  const renewed = pick(system, 'user_id', 'new_user_id');
  const named = pick(fields, 'from_user_id', 'user_id');
  const before = personIn([
    type === 'user_changed_user_id' ? undefined : number,
    pick(system, 'previous_user_id') ?? (named === renewed ? undefined : named),
    pick(fields, 'from'),
  ]);
  const after = personIn([pick(system, 'wa_id', 'new_wa_id'), renewed]);
  if (type !== 'user_changed_user_id') return moved(source, 'system', { before, after });
  const kept = after.number ?? before.number ?? personIn([number]).number;
  return moved(source, 'system', {
    before: onlyId(before),
    after: { ...after, number: kept },
    keepsNumber: true,
  });
}

/** `{ wa_id, user_id: { previous, current } }`, as providers passed it on before it became a `system` message. */
export function readUserIdUpdate(source: Source): Callback {
  const { fields } = source;
  const ids = recordIn(pick(fields, 'user_id'));
  const before = personIn([pick(ids, 'previous', 'old') ?? pick(fields, 'previous_user_id')]);
  const after = personIn([
    pick(fields, 'wa_id'),
    pick(ids, 'current', 'new') ?? pick(fields, 'user_id', 'current_user_id', 'new_user_id'),
  ]);
  return moved(source, 'user_id_update', { before, after, keepsNumber: true });
}

/** The number has not changed. */
function onlyId({ number, userId }: Customer): Customer {
  return userId === undefined ? { number } : { userId };
}

interface Move {
  readonly before: Customer;
  readonly after: Customer;
  readonly keepsNumber?: boolean;
}

function moved(source: Source, about: string, { before, after, keepsNumber }: Move): Callback {
  const reader = readerOf(source.fields);
  const [business, customer, next] = [businessOf(source), idOf(before), idOf(after)];
  const writtenAt = reader.take(['timestamp'], instantIn);
  if (!business || !customer || !next)
    return remarked(notice(about), source, { persons: [after], unread: [...reader.unread, about] });
  const callback: Callback = {
    kind: 'moved',
    pair: { business, customer },
    to: after,
    ...(keepsNumber ? { keepsNumber } : {}),
    writtenAt,
  };
  return remarked(callback, source, { persons: [before, after], unread: reader.unread });
}
