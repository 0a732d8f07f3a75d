/** Compares the queues with infra/, and looks for dead letters. */
import { type ExpectedQueue, expectedQueues, sourceOf } from '../expected.ts';
import type { Place } from '../place.ts';
import { nameOf, type QueueState, type Queues } from '../queues.ts';
import { command, plural } from '../report.ts';
import { ago } from '../times.ts';
import { type Finding, judge } from './finding.ts';

const DEPLOY = 'deploy the stack again';
/** More than a campaign enqueues in two minutes. */
const MANY = 10_000;

const redriveFault = (place: Place, wanted: ExpectedQueue, state: QueueState): string | undefined => {
  if (!wanted.redrive) return undefined;
  if (!state.redrive) return 'it has no redrive policy: failing messages are retried forever';
  const { target, maxReceiveCount } = wanted.redrive;
  const rightTarget = nameOf(place.queues.get(target) ?? '') === state.redrive.target;
  if (rightTarget && state.redrive.maxReceiveCount === maxReceiveCount) return undefined;
  return `it does not move messages to ${target} after ${maxReceiveCount} receives`;
};

const deadLetterFinding = async (
  { stage }: Place,
  queues: Queues,
  wanted: ExpectedQueue & { url: string; waiting: number },
): Promise<Finding> => {
  const { url, waiting } = wanted;
  const is = judge(wanted.name);
  if (waiting === 0) return is.ok('empty');
  const oldest = await queues.oldest(url);
  const age = oldest ? `, one of them from ${ago(oldest, new Date())}` : '';
  const again = command(stage, `dlq redrive ${wanted.name}`);
  const todo = `find the cause in the logs${sourceOf(wanted.name) ? `, then run ${again}` : ''}`;
  return is.fault(`${plural(waiting, 'dead letter')}${age}`, todo);
};

const queueFinding = async (place: Place, queues: Queues, wanted: ExpectedQueue): Promise<Finding> => {
  const is = judge(wanted.name);
  const url = place.queues.get(wanted.name);
  const state = url ? await queues.state(url) : undefined;
  if (!url || !state) return is.fault('it does not exist', DEPLOY);
  // No function consumes a dead-letter queue. A message in flight there is being inspected, so it counts too.
  const givenUp = state.waiting + state.inFlight;
  if (wanted.last) return deadLetterFinding(place, queues, { ...wanted, url, waiting: givenUp });
  const fault = redriveFault(place, wanted, state);
  if (fault) return is.fault(fault, DEPLOY);
  const says = `${state.waiting} waiting, ${state.inFlight} in flight`;
  if (state.waiting > MANY) return is.warning(says, 'check whether its function fails or is throttled');
  return is.ok(says);
};

export const checkQueues = (place: Place, queues: Queues): Promise<Finding[]> =>
  Promise.all(expectedQueues().map((wanted) => queueFinding(place, queues, wanted)));
