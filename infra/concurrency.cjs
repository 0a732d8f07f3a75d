/**
 * How many batches of a queue its function works on at once: what the business numbers' pace needs while LipaChat is slow.
 * From the stage's params `numbers`, `slowestSend` and `accountConcurrency`. docs/capacity.md shows what follows.
 */

const PER_BATCH = 10;
/** Messages a second that WhatsApp takes from a number, callbacks of each, and the campaigns' part of the pace. */
const PACE = 80;
const CALLBACKS = 3;
const CAMPAIGNS_PART = 0.9;
/** A recipient may be taken from the queue so many seconds before its time. */
const EARLY = 1.5;
/** Seconds for a batch of callbacks: several times the usual, for a store that is slow. */
const SLOW_BATCH = 1;

const LEAST = 20;
/** No queue takes more than a quarter of the account's concurrency. Lambda's own limits are 2 and 1,000. */
const QUARTER = 0.25;

const batchesFor = (perSecond, seconds) => Math.ceil((perSecond * seconds) / PER_BATCH);

/** `slowestSend`: the seconds that a send takes while LipaChat is slow, and the pace shall still be held. */
const concurrencyFor = ({ numbers, slowestSend, accountConcurrency }) => {
  const most = Math.min(1_000, Math.floor(accountConcurrency * QUARTER));
  const bounded = (needed) => Math.max(2, Math.min(most, Math.max(LEAST, needed)));
  return {
    deliveries: bounded(batchesFor(numbers * PACE, slowestSend)),
    campaigns: bounded(batchesFor(numbers * PACE * CAMPAIGNS_PART, slowestSend + EARLY)),
    callbacks: bounded(batchesFor(numbers * PACE * CALLBACKS, SLOW_BATCH)),
    plans: Math.max(2, Math.min(most, 5)),
  };
};

module.exports = async ({ resolveVariable }) => {
  const given = async (name) => {
    const value = Number(await resolveVariable(`param:${name}`));
    if (value > 0) return value;
    throw new Error(`the param ${name} must be a number above 0`);
  };
  const numbers = await given('numbers');
  const callbacks = numbers * PACE * CALLBACKS;
  // LipaChat may not repeat a callback that gets a 429.
  if ((await given('webhookRate')) < callbacks)
    throw new Error(
      `${numbers} numbers bring ${callbacks} callbacks a second: raise the params webhookRate and webhookBurst`,
    );
  return concurrencyFor({
    numbers,
    slowestSend: await given('slowestSend'),
    accountConcurrency: await given('accountConcurrency'),
  });
};
module.exports.concurrencyFor = concurrencyFor;
