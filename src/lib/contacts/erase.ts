import type { Caller } from '../platform/caller.ts';
import { AppError } from '../platform/errors.ts';
import type { Clock, Random } from '../platform/ports.ts';
import type { ErasureKey } from '../sessions/erasure-key.ts';
import type { People } from '../sessions/people.ts';
import type { Pair } from '../whatsapp/phone.ts';
import { type Erased, type Erasure, newErasure } from './erasure.ts';
import type { ErasureQueue, ErasureStore } from './ports.ts';
import { enqueueAfter, timeLimit } from './resume-erasure.ts';
import type { RunErasure } from './run-erasure.ts';
import { sealed } from './seal.ts';

/*
 * Erases one customer, by number or by user id. Safe to repeat.
 *
 * 1. Read the key of the hashes. Without it, nothing is erased.
 * 2. Store the erasure with the person, encrypted, so that it ends whatever becomes of this process.
 * 3. Erase as long as the caller can wait (`run-erasure.ts`). What is left goes to the planner's queue.
 */

export interface EraseDeps {
  readonly erasures: ErasureStore;
  readonly erasureQueue: ErasureQueue;
  readonly erasureKey: ErasureKey;
  readonly people: Pick<People, 'pairsOf'>;
  readonly run: RunErasure;
  readonly clock: Clock;
  readonly random: Random;
}

interface EraseRun extends Pick<Caller, 'clientId' | 'numbers'> {
  readonly correlationId: string;
  readonly deadlineAt: Date;
}

/** Bytes. A small file of gzip holds a thousand times as much, and must be searched within a second or two. */
const LARGEST_WHILE_WAITING = 128 * 1024;

export type EraseContact = ReturnType<typeof makeErase>;

export function makeErase(deps: EraseDeps) {
  const { erasures, erasureQueue, erasureKey, people, clock, random } = deps;

  /** Returns the erasure as long as it is not done; undefined once it is. */
  async function erase(
    named: Pair,
    { correlationId, clientId, deadlineAt, numbers }: EraseRun,
  ): Promise<Erasure | undefined> {
    const key = await erasureKey.get();
    const pairs = await people.pairsOf(named);
    const person: Erased = { named, pairs, ...(numbers ? { isOfLimited: true } : {}) };
    const erasureId = random.uuid();
    const begun = newErasure(erasureId, {
      sealed: sealed(person, erasureId, key),
      correlationId,
      clientId,
      now: clock.now(),
    });
    const { stored } = await erasures.create(begun);
    if (!stored) throw new Error('an erasure was removed as it was stored');
    const end = await deps.run(stored, {
      person,
      isOver: timeLimit(clock, deadlineAt),
      largest: LARGEST_WHILE_WAITING,
    });
    const now = await erasures.get(erasureId);
    if (end === 'done') {
      if (now) await erasures.remove(now);
      return undefined;
    }
    await enqueueAfter(erasureQueue, erasureId, end);
    return now?.value ?? begun;
  }

  /** Another client's erasure is `not-found`, except to a caller without any limit. */
  async function read(
    erasureId: string,
    { clientId, seesAll, numbers, namespaceKey }: Caller,
  ): Promise<Erasure> {
    const stored = await erasures.get(erasureId);
    const maySeeAll = seesAll && !numbers && namespaceKey === undefined;
    if (!stored || !(maySeeAll || stored.value.clientId === clientId))
      throw new AppError('not-found', 'Erasure not found.');
    return stored.value;
  }

  return { erase, read };
}
