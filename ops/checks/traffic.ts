/**
 * Checks that the sweeper handles what is due. Claims that a crash left are in no
 * index: a scan would find them, but cost as much as the table is large.
 */
import type { openStores } from '../stores.ts';
import { type Finding, judge } from './finding.ts';

type Stores = ReturnType<typeof openStores>;

const OVERDUE_MS = 5 * 60_000;
const COUNTED = 100;

export const checkSweeper = async ({ messages, clock }: Stores): Promise<Finding[]> => {
  const is = judge('sweeper');
  const overdue = await messages.due(new Date(clock.now().getTime() - OVERDUE_MS), COUNTED);
  if (overdue.length === 0) return [is.ok('nothing that waits is overdue')];
  const count =
    overdue.length === COUNTED ? `${COUNTED} messages or more` : `messages overdue: ${overdue.length}`;
  const todo = "check in the sweeper's logs whether it runs every minute, and why it fails";
  return [is.fault(`${count}, by over 5 minutes, the oldest ${overdue[0]}`, todo)];
};
