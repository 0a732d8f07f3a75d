import { makeRawCallbackStore } from '../callbacks/dynamo-raw-callbacks.ts';
import { makeCampaignReads } from '../campaigns/dynamo-campaigns.ts';
import type { ObjectStore } from '../campaigns/ports.ts';
import { makeErasureStore } from '../contacts/dynamo-erasures.ts';
import { makeEraseFile } from '../contacts/files/erase-file.ts';
import { makeEraseFiles } from '../contacts/files/erase-files.ts';
import type { ErasureQueue } from '../contacts/ports.ts';
import { makeResumeErasure } from '../contacts/resume-erasure.ts';
import { makeRunErasure, type RunErasureDeps } from '../contacts/run-erasure.ts';
import { makeErasureQueue } from '../contacts/sqs-erasures.ts';
import type { Table } from '../platform/dynamo-table.ts';
import { makeTemplateLockStore } from '../sending/dynamo-template-locks.ts';
import { makeTombstoneStore } from '../sessions/dynamo-tombstones.ts';
import { type Entry, messageStoresOf, sqsClient } from './stores.ts';

export function erasureQueueOf(entry: Entry): ErasureQueue {
  return makeErasureQueue({ client: sqsClient(entry), queueUrl: entry.config.PLAN_QUEUE_URL });
}

/** Of all that a person is erased from. */
export function erasureStoresOf(entry: Entry, table: Table) {
  const stores = messageStoresOf(entry, table);
  return {
    ...stores,
    callbacks: makeRawCallbackStore(table, stores.marker.keyOfLists),
    templateLocks: makeTemplateLockStore(table),
    tombstones: makeTombstoneStore(table, stores.marker),
    campaigns: makeCampaignReads(table),
    erasures: makeErasureStore(table),
  };
}

/** Runs an erasure, for the one who asks and for those who go on. */
export function runErasureOf(ports: Omit<RunErasureDeps, 'eraseFiles'>, objects: ObjectStore) {
  const eraseFiles = makeEraseFiles({ ...ports, objects, eraseFile: makeEraseFile({ objects }) });
  return makeRunErasure({ ...ports, eraseFiles });
}

/** Goes on with an erasure. */
export function wireResumeErasure(entry: Entry, table: Table, objects: ObjectStore) {
  const stores = { ...entry, ...erasureStoresOf(entry, table) };
  return makeResumeErasure({
    ...stores,
    run: runErasureOf(stores, objects),
    erasureQueue: erasureQueueOf(stores),
  });
}
