import type { RawCallbackStore } from '../callbacks/ports.ts';
import type { CampaignStore } from '../campaigns/ports.ts';
import { mapEnded } from '../platform/all-ended.ts';
import type { Clock, Stored, Telemetry } from '../platform/ports.ts';
import type { ErasedOptOutStore, TombstoneStore } from '../sessions/ports.ts';
import { isUserId } from '../whatsapp/customer.ts';
import { type EraseMessagesDeps, makeEraseMessages } from './erase-messages.ts';
import { type EraseSessionsDeps, makeEraseSessions } from './erase-sessions.ts';
import { type Erased, type Erasure, endOfRequest, finished, mayPlanPerson } from './erasure.ts';
import type { EraseFiles } from './files/erase-files.ts';
import type { ErasureStore } from './ports.ts';

/*
 * The steps of an erasure. Each is safe to repeat, and records what is done, so that any process can go on after a kill:
 *
 * 1. messages: note the erasure, with a tombstone. Remove the session; an opt-out is first kept. The session of a person with
 *    user ids only loses its window, because it leads to the ids. Remove the messages.
 * 2. callbacks: remove the raw callbacks that contain the number or one of the ids; for a client with numbers of its own,
 *    only those that also name the business number.
 * 3. names: remove what belongs to the user ids, then the session of the number, then the alias of the id that was named. The
 *    opt-out is kept under each of them.
 * 4. files: take the person out of the files of recipients and plans.
 * 5. planners: wait for those that began before the erasure, then go through the files once more.
 */

export interface RunErasureDeps extends EraseMessagesDeps, EraseSessionsDeps {
  readonly erasures: ErasureStore;
  readonly callbacks: Pick<RawCallbackStore, 'dropRawNaming'>;
  readonly erasedOptOuts: ErasedOptOutStore;
  readonly tombstones: TombstoneStore;
  readonly campaigns: Pick<CampaignStore, 'get' | 'due'>;
  readonly eraseFiles: EraseFiles;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** `waiting`: for a planner. `superseded`: another process goes on with it. */
export type RunEnd = 'done' | 'unfinished' | 'waiting' | 'superseded';

export type RunErasure = ReturnType<typeof makeRunErasure>;

interface Run {
  readonly person: Erased;
  readonly isOver: () => boolean;
  /** Bytes of the largest file to search; a larger one is left to a process with more time. Undefined for all. */
  readonly largest?: number | undefined;
}

type Step = (erasure: Erasure, run: Run) => Promise<Partial<Erasure> | 'waiting' | 'unfinished'>;

const MOST_CAMPAIGNS = 10_000;
const AT_ONCE = 16;
const END_OF_TIME = new Date(8.64e15);

export function makeRunErasure(deps: RunErasureDeps) {
  const { erasures, callbacks, erasedOptOuts, tombstones, campaigns, eraseFiles, clock, telemetry } = deps;
  const eraseMessages = makeEraseMessages(deps);
  const { eraseSession, closeSession, eraseNames } = makeEraseSessions(deps);

  const counted = ({ counts }: Erasure, what: keyof Erasure['counts'], more: number) => ({
    counts: { ...counts, [what]: counts[what] + more },
  });

  const steps: Record<Erasure['place']['step'], Step> = {
    async messages(erasure, { person: { pairs }, isOver }) {
      const [person, ...ids] = pairs;
      const until = endOfRequest(erasure);
      for (const pair of pairs) await tombstones.bury(pair, erasure.requestedAt);
      for (const pair of pairs) await erasedOptOuts.noteErasure(pair, erasure.requestedAt);
      if (ids.length > 0) await closeSession(person);
      const optOutKept = ids.length === 0 && (await eraseSession(person, until));
      let total = 0;
      for (const pair of pairs) {
        const { erased, isDone } = await eraseMessages(pair, { until, isOver });
        total += erased;
        if (!isDone) return { ...counted(erasure, 'messages', total), optOutKept };
      }
      return { ...counted(erasure, 'messages', total), optOutKept, place: { step: 'callbacks' } };
    },

    async callbacks(erasure, { person, isOver }) {
      const { after } = erasure.place.step === 'callbacks' ? erasure.place : {};
      const customers = person.pairs.map(({ customer }) => customer);
      const business = person.isOfLimited && person.pairs[0].business;
      const { dropped, next } = await callbacks.dropRawNaming(customers, { business, after, isOver });
      const place = next ? ({ step: 'callbacks', after: next } as const) : ({ step: 'names' } as const);
      return { ...counted(erasure, 'callbacks', dropped), place };
    },

    async names(erasure, { person }) {
      const place = { step: 'files' } as const;
      if (person.pairs.length === 1) return { place };
      return { optOutKept: await eraseNames(person, endOfRequest(erasure)), place };
    },

    async files(erasure, { person: { pairs }, isOver, largest }) {
      const { after, isLast } = erasure.place.step === 'files' ? erasure.place : {};
      const [{ business, customer }] = pairs;
      const ended = isLast ? finished(erasure, clock.now()) : ({ place: { step: 'planners' } } as const);
      if (isUserId(customer)) return ended;
      const person = { business, customer };
      const { files, next } = await eraseFiles({
        person,
        until: erasure.requestedAt,
        after,
        isOver,
        largest,
      });
      // The next file is too large.
      if (next !== undefined && next === (after ?? '')) return 'unfinished';
      const count = counted(erasure, 'files', files);
      return next === undefined
        ? { ...ended, ...count }
        : { ...count, place: { step: 'files', after: next, isLast } };
    },

    async planners(erasure, { person: { pairs } }) {
      const found = await campaigns.due(END_OF_TIME, MOST_CAMPAIGNS);
      const all = await mapEnded(found, (id) => campaigns.get(id), { concurrency: AT_ONCE });
      const now = clock.now();
      const isPlanned = all.some((stored) => {
        const { message, state, planning } = stored?.value ?? {};
        const isOwn = message?.from === pairs[0].business && state === 'planning' && planning;
        return isOwn && mayPlanPerson(erasure, planning.since, now);
      });
      return isPlanned ? 'waiting' : { place: { step: 'files', isLast: true } };
    },
  };

  return async function run(found: Stored<Erasure>, one: Run): Promise<RunEnd> {
    let stored = found;
    while (stored.value.state === 'running') {
      const changes = await steps[stored.value.place.step](stored.value, one);
      if (changes === 'waiting' || changes === 'unfinished') return changes;
      // What is finished has no person any more: it replaces the whole.
      const base = changes.state === 'done' ? {} : stored.value;
      const written = await erasures.replace(stored, {
        ...base,
        ...changes,
        changedAt: clock.now(),
      } as Erasure);
      if (!written.done) return 'superseded';
      stored = written.stored;
      if (stored.value.state === 'running' && one.isOver()) return 'unfinished';
    }
    // The audit record: what was erased and for which request, never for which customer.
    const { counts, optOutKept, correlationId, erasureId } = stored.value;
    telemetry.info('contact.erased', { correlationId, erasureId, ...counts, optOutKept });
    return 'done';
  };
}
