/**
 * Which items `table copy` carries over, and how one is merged with what the target has. Never campaigns and messages that
 * wait: the target would send again what has gone out.
 */
import { clientCodec } from '../../src/lib/clients/dynamo-clients.ts';
import { messageCodec } from '../../src/lib/messages/dynamo-messages.ts';
import type { Message } from '../../src/lib/messages/message.ts';
import { isProven } from '../../src/lib/messages/status.ts';
import { type Codec, makeVersioned } from '../../src/lib/platform/dynamo-codec.ts';
import type { Item, OwnItems } from '../../src/lib/platform/dynamo-table.ts';
import type { Versioned } from '../../src/lib/platform/ports.ts';
import { updateWithRetry } from '../../src/lib/platform/update-with-retry.ts';
import { sessionCodec } from '../../src/lib/sessions/dynamo-sessions.ts';
import { afterConsent, consentWordOf, hasOptedOut } from '../../src/lib/whatsapp/session-window.ts';

export const KINDS = ['opt-outs', 'clients', 'sends'] as const;
export type Kind = (typeof KINDS)[number];

/** `created`: it was missing. `merged`: the target's own item has changed. `kept`: it knew as much, or more. */
export type Carried = 'created' | 'merged' | 'kept';

/** Has it left, or may it have left? Then another send of it would be a second one. What waits may have left since. */
const hasGoneOut = ({ status }: Message): boolean =>
  isProven(status) || status === 'sending' || status === 'unknown';

/** Does `one` know more of the message? An epoch begins with each owner, and each repeat after a failure. */
const isLater = (one: Message, than: Message): boolean =>
  one.epoch > than.epoch || (one.epoch === than.epoch && isProven(one.status) && !isProven(than.status));

const prefixOf = ({ pk }: Item): string => pk.split('#')[0] ?? '';

const OF_PREFIX: Record<string, Kind> = {
  session: 'opt-outs',
  person: 'opt-outs',
  salt: 'opt-outs',
  forgotten: 'opt-outs',
  erased: 'opt-outs',
  tombstone: 'opt-outs',
  client: 'clients',
  namespace: 'clients',
  message: 'sends',
  wire: 'sends',
};

/** Undefined: not carried over. */
export const kindOf = (item: Item): Kind | undefined => {
  const kind = OF_PREFIX[prefixOf(item)];
  if (prefixOf(item) === 'session' && !hasOptedOut(sessionCodec.fromItem(item))) return undefined;
  if (prefixOf(item) === 'message' && !hasGoneOut(messageCodec.fromItem(item))) return undefined;
  return kind;
};

export const makeCarry = (table: OwnItems): ((item: Item) => Promise<Carried>) => {
  const merge = async <Key, T>(codec: Codec<Key, T>, item: Item, change: (ours: T, theirs: T) => T) => {
    const store: Versioned<Key, T> = makeVersioned(table, codec);
    const theirs = codec.fromItem(item);
    const before = await store.get(codec.keyOf(theirs));
    const after = await updateWithRetry(store, before, (ours) => change(ours, theirs));
    return after?.revision === before?.revision ? 'kept' : 'merged';
  };

  const merges: Record<string, (item: Item) => Promise<Carried>> = {
    session: (item) =>
      merge(sessionCodec, item, (ours, theirs) => {
        const word = consentWordOf(theirs);
        return word ? afterConsent(ours, word) : ours;
      }),
    client: (item) =>
      merge(clientCodec, item, (ours, theirs) => {
        const revokedAt = ours.revokedAt ?? theirs.revokedAt;
        // Of two ends, the earlier one is a rotation's.
        const expiresAt =
          theirs.expiresAt && !(ours.expiresAt && ours.expiresAt <= theirs.expiresAt)
            ? theirs.expiresAt
            : ours.expiresAt;
        const isSame = revokedAt === ours.revokedAt && expiresAt === ours.expiresAt;
        return isSame ? ours : { ...ours, revokedAt, expiresAt };
      }),
    salt: (item) => mergeMarker(item),
    message: (item) => merge(messageCodec, item, (ours, theirs) => (isLater(theirs, ours) ? theirs : ours)),
  };

  /** Which hashes the table may have: those of both. */
  const mergeMarker = async (theirs: Item): Promise<Carried> => {
    const ours = await table.get(theirs.pk);
    const isKnown = Object.keys(theirs).every((name) => ours?.value[name] !== undefined || name === 'rev');
    if (!ours || isKnown) return 'kept';
    const written = await table.replace({ ...theirs, ...ours.value }, ours.revision);
    return written.done ? 'merged' : mergeMarker(theirs);
  };

  return async (item) => {
    if ((await table.create(item)).done) return 'created';
    return (await merges[prefixOf(item)]?.(item)) ?? 'kept';
  };
};
