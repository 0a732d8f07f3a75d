import type { Callback, TemplateStatus } from '../lipachat/callback.ts';
import { mapEnded } from '../platform/all-ended.ts';
import { NotStorable } from '../platform/errors.ts';
import { shortened, withoutNumbers } from '../platform/text.ts';
import type { CallbackRun, EntryRun } from './callback-run.ts';
import { type HandleConsentDeps, makeHandleConsent } from './handle-consent.ts';
import { type HandleInboundDeps, makeHandleInbound, writtenAtOf } from './handle-inbound.ts';
import type { EnqueueLookup, HandleStatus } from './handle-status.ts';
import { type Placed, withPlaces } from './keep-raw.ts';
import { makePlacePeople, type PlacePeopleDeps } from './place-people.ts';
import type { RawReason } from './ports.ts';
import type { UnmatchedStatus } from './unmatched-status.ts';

/*
 * Handles LipaChat's callbacks, entry by entry. Each may arrive twice, late and in any order:
 *
 * - an inbound message opens the window, and may be a STOP or START (`handle-inbound.ts`);
 * - a preference and a new number change the consent alone (`handle-consent.ts`);
 * - a status advances its message (`handle-status.ts`);
 * - what is not understood, in whole or in part, is kept raw and counted;
 * - poison, which no try can ever handle, is kept raw and counted too.
 *
 * Every entry is handled in every try. Only a fault that may pass is thrown, so that the queue delivers all of them
 * again. Every step is safe to repeat.
 */

export interface HandleCallbacksDeps extends HandleInboundDeps, HandleConsentDeps, PlacePeopleDeps {
  readonly handleStatus: HandleStatus;
  readonly enqueueLookup: EnqueueLookup;
}

export type HandleCallbacks = ReturnType<typeof makeHandleCallbacks>;

/** How many entries were kept raw, because they are not understood or can't be stored. */
interface Handled {
  readonly kept: number;
}

interface HandledEntry {
  readonly isKept: boolean;
  readonly unmatched?: UnmatchedStatus | undefined;
}

const AT_ONCE = 16;
/** A template's name has at most 512 characters, by Meta's documentation. */
const TEMPLATE_FIELD_LIMIT = 512;
/** What reading makes of a text that fits no key. */
const HASHED = /^sha256:[0-9a-f]{64}$/;
const FIELDS_SHOWN = 20;

export function makeHandleCallbacks(deps: HandleCallbacksDeps) {
  const { callbacks, handleStatus, enqueueLookup, clock, telemetry } = deps;
  const handleInbound = makeHandleInbound(deps);
  const { handlePreference, handleMoved } = makeHandleConsent(deps);
  const placePeople = makePlacePeople(deps);

  const keepRaw = (raw: string, why: RawReason, { receivedAt }: CallbackRun): Promise<void> =>
    callbacks.keepRaw(raw, clock.now(), { why, receivedAt });

  /** Returns a status that matches no message. */
  async function take(named: Callback, run: EntryRun): Promise<UnmatchedStatus | undefined> {
    const callback = await placePeople(named, run.receivedAt);
    if (callback.kind === 'status')
      return handleStatus(callback.messageId, {
        ...callback.report,
        at: writtenAtOf(callback.at, run.receivedAt),
      });
    await takeOther(callback, run);
    return undefined;
  }

  async function takeOther(
    callback: Exclude<Callback, { readonly kind: 'status' }>,
    run: EntryRun,
  ): Promise<void> {
    switch (callback.kind) {
      case 'inbound':
        return await handleInbound(callback, run);
      case 'preference':
        return await handlePreference(callback, run);
      case 'moved':
        return await handleMoved(callback, run);
      case 'template':
        return await callbacks.keepTemplateStatus(templateStatusOf(callback.status, run));
      case 'notice':
        // A new type is foreign text.
        telemetry.info('callback.notice', { about: withoutNumbers(callback.about) });
        return;
      case 'unplaced':
      case 'unrecognised':
        telemetry.warn(`callback.${callback.kind}`, {
          bytes: callback.raw.length,
          correlationId: run.correlationId,
        });
        return await keepRaw(callback.raw, callback.kind, run);
    }
  }

  /** The entry counts without the fields. Their names are logged, never their values. */
  async function keepUnread(
    { kind, unread }: Callback,
    { correlationId, ...run }: CallbackRun,
  ): Promise<void> {
    if (!unread) return;
    telemetry.count('callback.field.unread');
    const fields = unread.fields.slice(0, FIELDS_SHOWN).map((name) => withoutNumbers(shortened(name, 64)));
    telemetry.warn('callback.field.unread', { kind, fields, correlationId });
    await keepRaw(unread.raw, 'unread', { correlationId, ...run });
  }

  async function handleOne({ entry, place }: Placed, run: CallbackRun): Promise<HandledEntry> {
    let unmatched: UnmatchedStatus | undefined;
    try {
      unmatched = await take(entry, { ...run, place });
    } catch (fault) {
      if (!isPoison(fault)) throw fault;
      telemetry.count('callback.poison');
      telemetry.error('callback.poison', fault, { kind: entry.kind, correlationId: run.correlationId });
      await keepRaw(run.sourceOf?.(place) ?? JSON.stringify(entry), 'poison', run);
      return { isKept: true };
    }
    await keepUnread(entry, run);
    const isKept = entry.unread !== undefined || entry.kind === 'unplaced' || entry.kind === 'unrecognised';
    return { isKept, unmatched };
  }

  return async function handleCallbacks(entries: readonly Callback[], run: CallbackRun): Promise<Handled> {
    countKinds(entries);
    const faults: unknown[] = [];
    const tryOne = (one: Placed) => handleOne(one, run).catch((fault: unknown) => void faults.push(fault));
    const handled = await mapEnded(withPlaces(entries), tryOne, { concurrency: AT_ONCE });
    if (faults.length > 0) throw faults[0];
    // Last, so that a callback that is handled sixty times is looked up once.
    const unmatched = handled.flatMap((one) => one?.unmatched ?? []);
    await mapEnded(unmatched, enqueueLookup, { concurrency: AT_ONCE });
    return { kept: handled.filter((one) => one?.isKept).length };
  };

  function countKinds(entries: readonly Callback[]): void {
    telemetry.count('callback.entries', entries.length);
    for (const [kind, all] of Map.groupBy(entries, (entry) => entry.kind))
      telemetry.count(`callback.${kind}`, all.length);
  }
}

/** A fault that every try meets again: a value that no store takes, or one that the code can't handle. */
function isPoison(fault: unknown): boolean {
  return fault instanceof NotStorable || fault instanceof TypeError || fault instanceof RangeError;
}

/** Throws `NotStorable` for longer fields than WhatsApp has: another name would be another template's. */
function templateStatusOf(
  status: Omit<TemplateStatus, 'id' | 'at'>,
  { receivedAt }: EntryRun,
): TemplateStatus {
  const { templateId, templateName } = status;
  const texts = [status.status, templateId ?? '', templateName ?? ''];
  if (texts.some((text) => text.length > TEMPLATE_FIELD_LIMIT || HASHED.test(text)))
    throw new NotStorable(new Error('a field of a template status is too long'));
  return { ...status, id: templateId ?? templateName ?? 'unknown', at: receivedAt };
}
