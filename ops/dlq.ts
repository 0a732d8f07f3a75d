/** dlq list, dlq redrive: show dead letters and move them back to their source queue. */

import { expectedQueues, sourceOf } from './expected.ts';
import type { Place } from './place.ts';
import { nameOf, openQueues } from './queues.ts';
import { columns, type Io, misuse, OpsError, plural, type Report } from './report.ts';
import { ago } from './times.ts';

type Row = { queue: string; waiting: number; inFlight: number; oldest: string | null; source: string | null };

const urlOf = (place: Place, queue: string): string => {
  const url = place.queues.get(queue);
  if (!url) throw new OpsError(`the stack has no queue ${queue}: deploy it`);
  return url;
};

const deadLetterQueues = (): string[] =>
  expectedQueues()
    .filter(({ last }) => last)
    .map(({ name }) => name);

export const listDeadLetters = async (place: Place): Promise<Report> => {
  const queues = openQueues(place.connection);
  const now = new Date();
  const rowOf = async (queue: string): Promise<Row> => {
    const url = urlOf(place, queue);
    const state = await queues.state(url);
    if (!state) throw new OpsError(`the queue ${nameOf(url)} does not exist: deploy the stack`);
    const { waiting, inFlight } = state;
    const oldest = waiting > 0 ? await queues.oldest(url) : undefined;
    return {
      queue,
      waiting,
      inFlight,
      oldest: oldest?.toISOString() ?? null,
      source: sourceOf(queue) ?? null,
    };
  };
  const rows = await Promise.all(deadLetterQueues().map(rowOf));
  const cells = rows.map(({ queue, waiting, oldest, source }) => [
    queue,
    String(waiting),
    oldest ? ago(new Date(oldest), now) : '-',
    source ?? 'cannot be redriven',
  ]);
  return { lines: columns([['queue', 'waiting', 'oldest', 'source'], ...cells]), data: rows };
};

/** Failure queues that are no queue's dead-letter queue, with the reason why they can't be redriven. */
const NOT_REDRIVEN: Record<string, string> = {
  PublisherFailureQueue: 'holds notes about stream records, which no function consumes',
  InvocationFailureQueue: 'holds events, which you have to replay one by one',
};

/** The logical id of infra/ for what was typed, ignoring case. */
const queueNamed = (typed: string): string => {
  const names = deadLetterQueues();
  const found = names.find((name) => name.toLowerCase() === typed.toLowerCase());
  if (!found) throw misuse(`there is no dead-letter queue ${typed}; there are ${names.join(', ')}`);
  return found;
};

export const redrive = async (place: Place, typed: string, io: Io): Promise<Report> => {
  const queue = queueNamed(typed);
  const source = sourceOf(queue);
  if (!source) {
    throw new OpsError(`${queue} ${NOT_REDRIVEN[queue] ?? 'has no source queue'}; see docs/runbook.md`);
  }
  const [from, to] = [urlOf(place, queue), urlOf(place, source)];
  const queues = openQueues(place.connection);
  const { waiting = 0 } = (await queues.state(from)) ?? {};
  // A moved message gets a new send time. If it fails again meanwhile, it is not moved a second time.
  const begun = new Date();
  let moved = 0;
  for (;;) {
    const some = await queues.moveSome(from, to, begun);
    if (some === 0) break;
    moved += some;
    io.stderr.write(`${moved} moved, of about ${Math.max(moved, waiting)}\n`);
  }
  const left = Math.max(0, waiting - moved);
  const said = `${plural(moved, 'message')} moved from ${queue} to ${source}.`;
  return {
    lines: left > 0 ? [said, `About ${left} are left; try again in a minute.`] : [said],
    data: { queue, source, moved, left },
    faulty: left > 0,
  };
};
