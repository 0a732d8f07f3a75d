import type { Watch, WatchQueue } from '../messages/ports.ts';
import { mapEnded } from '../platform/all-ended.ts';
import type { Telemetry } from '../platform/ports.ts';
import type { Change } from './publish.ts';

/*
 * Enqueues a watch for each new lease, so that a crashed claim is finished when its lease ends (ADR 028). A lease that
 * ends in the same batch of changes needs none.
 */

export interface WatchLeasesDeps {
  readonly queue: WatchQueue;
  readonly telemetry: Telemetry;
}

interface NewLease {
  readonly index: number;
  readonly watch: Watch;
}

/** SQS's limit of entries per call. */
const PER_CALL = 10;
const AT_ONCE = 5;

export function makeWatchLeases({ queue, telemetry }: WatchLeasesDeps) {
  /** Returns the index of the first change to repeat, or undefined. */
  return async function watchLeases(changes: readonly Change[]): Promise<number | undefined> {
    const leases = newLeases(changes);
    const calls = Array.from({ length: Math.ceil(leases.length / PER_CALL) }, (_, n) =>
      leases.slice(n * PER_CALL, (n + 1) * PER_CALL),
    );
    const failed = (await mapEnded(calls, notAccepted, { concurrency: AT_ONCE })).flat();
    return failed.length === 0 ? undefined : Math.min(...failed);
  };

  /** The indexes of those that the queue did not accept. */
  async function notAccepted(leases: readonly NewLease[]): Promise<number[]> {
    try {
      const accepted = await queue.watch(leases.map(({ watch }) => watch));
      return leases.filter((_, n) => !accepted[n]).map(({ index }) => index);
    } catch (fault) {
      telemetry.error('watches.refused', fault, { watches: leases.length });
      return leases.map(({ index }) => index);
    }
  }
}

/** The leases that begin in the batch and still run at its end, each with the index of the change that began it. */
function newLeases(changes: readonly Change[]): NewLease[] {
  const ownerAtEnd = new Map<string, string | undefined>();
  for (const { changed } of changes) {
    if (changed.kind === 'message') ownerAtEnd.set(changed.after.messageId, changed.after.lease?.owner);
    if (changed.kind === 'message-removed') ownerAtEnd.delete(changed.messageId);
  }
  return changes.flatMap(({ index, changed }) => {
    if (changed.kind !== 'message') return [];
    const { messageId, clientId, lease } = changed.after;
    if (!lease || lease.owner === changed.before?.lease?.owner) return [];
    if (ownerAtEnd.get(messageId) !== lease.owner) return [];
    return [{ index, watch: { messageId, clientId, owner: lease.owner, until: lease.until } }];
  });
}
