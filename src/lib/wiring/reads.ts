import { makeMessageReads } from '../messages/dynamo-messages.ts';
import { makeRead } from '../messages/read.ts';
import { makeErasedOptOutReads } from '../sessions/dynamo-erased-opt-outs.ts';
import { makeErasureMarkerReads } from '../sessions/dynamo-erasure-marker.ts';
import { makePersonAliasReads } from '../sessions/dynamo-person-aliases.ts';
import { makeSessionReads } from '../sessions/dynamo-sessions.ts';
import { tableOf, wireEntry, wireErasureKey } from './stores.ts';

/** Reads messages and sessions. It has nothing that could write. */
export function wireReads(functionName: string) {
  const entry = wireEntry(functionName);
  const table = tableOf(entry);
  const marker = makeErasureMarkerReads(table, wireErasureKey(entry));
  const read = makeRead({
    messages: makeMessageReads(table),
    sessions: makeSessionReads(table),
    personAliases: makePersonAliasReads(table),
    erasedOptOuts: makeErasedOptOutReads(table, marker),
    clock: entry.clock,
    sessionMarginSeconds: entry.config.SESSION_MARGIN_SECONDS,
  });
  return { entry, read };
}
