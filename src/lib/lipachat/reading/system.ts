import type { Customer } from '../../whatsapp/customer.ts';
import type { Callback } from '../callback.ts';
import { readSystemAs } from './event-kinds.ts';
import { pick, readerOf, recordIn, wordIn } from './fields.ts';
import { instantIn } from './instants.ts';
import { idOf, personIn } from './people.ts';
import { businessOf, notice, remarked, type Source } from './surroundings.ts';

/* The customer goes on under another number or user id: WhatsApp's `system` messages, and its former `user_id_update`. */

export function readSystem(source: Source): Callback {
  const { fields } = source;
  const system = recordIn(pick(fields, 'system'));
  const type = wordIn(pick(system, 'type'));
  if (readSystemAs(type) !== 'moved') return remarked(notice('system'), source);
  const isOfNumber = type !== 'user_changed_user_id';
  const number = pick(fields, 'from') ?? pick(system, 'customer');
  const renewed = pick(system, 'user_id', 'new_user_id');
  const named = pick(fields, 'from_user_id', 'user_id');
  const before = personIn([
    isOfNumber ? number : undefined,
    pick(system, 'previous_user_id') ?? (named === renewed ? undefined : named),
    isOfNumber ? undefined : pick(fields, 'from'),
  ]);
  const after = personIn([pick(system, 'wa_id', 'new_wa_id'), renewed]);
  return moved(source, 'system', { before: isOfNumber ? before : onlyId(before), after });
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
  return moved(source, 'user_id_update', { before, after });
}

/** The number has not changed. */
function onlyId({ number, userId }: Customer): Customer {
  return userId === undefined ? { number } : { userId };
}

function moved(
  source: Source,
  about: string,
  { before, after }: { readonly before: Customer; readonly after: Customer },
): Callback {
  const reader = readerOf(source.fields);
  const [business, customer, next] = [businessOf(source), idOf(before), idOf(after)];
  const writtenAt = reader.take(['timestamp'], instantIn);
  if (!business || !customer || !next)
    return remarked(notice(about), source, { persons: [after], unread: [...reader.unread, about] });
  return remarked({ kind: 'moved', pair: { business, customer }, to: after, writtenAt }, source, {
    persons: [before, after],
    unread: reader.unread,
  });
}
