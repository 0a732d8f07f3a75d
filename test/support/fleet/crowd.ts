/** Customers by the thousand, and what arrived at their phones. */
import { createHash, randomBytes } from 'node:crypto';
import pMap from 'p-map';
import type { Fleet } from './fleet.ts';

/** One delivery; `at` in epoch milliseconds of the simulator's clock. */
export type Arrival = { to: string; messageId: string; kind: string; at: number };

const MOST = 100_000;
const REMEMBERED_OF = 50;
const WRITTEN_AT_ONCE = 2_000;
const WRITTEN_IN_FLIGHT = 32;

/** Kenyan numbers that are nobody else's. Some of them are canaries: the fleet's end looks for them everywhere. */
export const newNumbers = ({ canaries }: Pick<Fleet, 'canaries'>, count: number): string[] => {
  if (count > MOST) throw new Error(`a crowd has at most ${MOST} customers`);
  const first = randomBytes(4).readUInt32BE() % 1000;
  const numbers = Array.from(
    { length: count },
    (_, n) => `2547${String(first).padStart(3, '0')}${String(n).padStart(5, '0')}`,
  );
  // All of them would take the search for leaks minutes.
  canaries.numbers.push(...numbers.filter((_, n) => n % REMEMBERED_OF === 0));
  return numbers;
};

/** They write in, and our webhook hears of it: their windows with the fleet's business number are open. */
const openWindows = async (fleet: Fleet, customers: string[]): Promise<void> => {
  for (let n = 0; n < customers.length; n += WRITTEN_AT_ONCE) {
    const some = customers.slice(n, n + WRITTEN_AT_ONCE);
    const answer = await fleet.simulator.control<{ joined: number; failed: number }>(
      'POST',
      'customers/messages',
      { customers: some, to: fleet.business },
    );
    if (answer.joined !== some.length || answer.failed > 0) {
      throw new Error(`not all windows are open: ${JSON.stringify(answer)}`);
    }
  }
};

/** New customers with open windows. */
export const newCrowd = async (fleet: Fleet, count: number): Promise<string[]> => {
  const customers = newNumbers(fleet, count);
  await openWindows(fleet, customers);
  return customers;
};

/**
 * The same for a crowd that is too large to write in one by one: the ledger has their windows, and the simulator
 * does not ask for them. For tests that are not about windows.
 */
export const newLargeCrowd = async (fleet: Fleet, count: number): Promise<string[]> => {
  const customers = newNumbers(fleet, count);
  await fleet.lipachat.configure({ enforceSessions: false });
  await pMap(customers, (customer) => fleet.table.addWindow(fleet.business, customer), {
    concurrency: WRITTEN_IN_FLIGHT,
  });
  return customers;
};

/** Every delivery, or those after the first `skip`. */
export const arrivals = async (fleet: Fleet, skip = 0): Promise<Arrival[]> => {
  const rows = await fleet.simulator.control<[to: string, messageId: string, kind: string, at: string][]>(
    'GET',
    `deliveries?fields=to,messageId,kind,at&skip=${skip}`,
  );
  return rows.map(([to, messageId, kind, at]) => ({ to, messageId, kind, at: Date.parse(at) }));
};

/** How often each customer's phone rang. */
export const timesPerCustomer = (all: Arrival[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const { to } of all) counts.set(to, (counts.get(to) ?? 0) + 1);
  return counts;
};

/**
 * How many instants fall into each window of `windowMs` that lies wholly between the first and the last of them;
 * windows begin every `stepMs` (default: one after the other).
 */
export const countsPerWindow = (times: number[], windowMs: number, stepMs = windowMs): number[] => {
  const sorted = times.toSorted((a, b) => a - b);
  const [first = 0] = sorted;
  const last = sorted.at(-1) ?? 0;
  const counts: number[] = [];
  for (let begin = first; begin + windowMs <= last; begin += stepMs) {
    counts.push(sorted.filter((at) => at >= begin && at < begin + windowMs).length);
  }
  return counts;
};

/** A text that differs for each customer and holds no number: a name to put into a placeholder. */
export const nameOf = (customer: string): string =>
  `n${createHash('sha256').update(customer).digest('hex').slice(0, 8)}`;

/** The customers as a file: `to,name`. */
export const csvOf = (customers: string[]): string =>
  ['to,name', ...customers.map((customer) => `${customer},${nameOf(customer)}`), ''].join('\n');
