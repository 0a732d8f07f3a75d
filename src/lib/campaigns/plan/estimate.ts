import { allEnded } from '../../platform/all-ended.ts';
import { isUnavailable } from '../../platform/errors.ts';
import type { Clock } from '../../platform/ports.ts';
import type { ErasedOptOutStore, SessionStore } from '../../sessions/ports.ts';
import type { Pair, PhoneNumber } from '../../whatsapp/phone.ts';
import { hasOptedOut, isOpen } from '../../whatsapp/session-window.ts';
import type { CampaignMessage } from '../campaign.ts';
import type { Plan } from './figures.ts';
import { makePriceEstimate, type PriceSums } from './price.ts';

export interface EstimateDeps {
  readonly sessions: Pick<SessionStore, 'getMany'>;
  readonly erasedOptOuts: Pick<ErasedOptOutStore, 'whoOptedOut'>;
  readonly clock: Clock;
  readonly sessionMarginSeconds: number;
}

const TRIES = 4;
const PAUSE_MS = 500;

export interface EstimateSums {
  readonly counts: Omit<Plan['counts'], 'total' | 'invalid' | 'duplicate'>;
  readonly price: PriceSums;
}

/** Estimates what each recipient would get if the campaign ran now, and what that would cost, on top of `earlier`. */
export function makeEstimate(
  deps: EstimateDeps,
  { from, whenClosed }: CampaignMessage,
  earlier?: EstimateSums,
) {
  const counts = { sendNow: 0, park: 0, windowShut: 0, optedOut: 0, ...earlier?.counts };
  const price = makePriceEstimate(earlier?.price);

  /** A plan makes thousands of these. One that the store fails is made again, so that it doesn't cost the plan. */
  async function lookUp(pairs: readonly Pair[]) {
    for (let tries = 1; ; tries += 1) {
      try {
        return await allEnded([deps.sessions.getMany(pairs), deps.erasedOptOuts.whoOptedOut(pairs)]);
      } catch (fault) {
        if (!isUnavailable(fault) || tries === TRIES) throw fault;
        await deps.clock.sleep(PAUSE_MS * tries);
      }
    }
  }

  return {
    /** Up to a hundred numbers per call. */
    async add(numbers: readonly PhoneNumber[]): Promise<void> {
      const pairs = numbers.map((customer) => ({ business: from, customer }));
      const [sessions, erasedOptOuts] = await lookUp(pairs);
      const now = deps.clock.now();
      const groups = { sendNow: [] as PhoneNumber[], park: [] as PhoneNumber[] };
      for (const [k, number] of numbers.entries()) {
        const session = sessions[k];
        if (hasOptedOut(session) || (!session && erasedOptOuts[k])) counts.optedOut += 1;
        else if (isOpen(session, now, deps.sessionMarginSeconds)) groups.sendNow.push(number);
        else if (whenClosed === 'reject') counts.windowShut += 1;
        else groups.park.push(number);
      }
      counts.sendNow += groups.sendNow.length;
      counts.park += groups.park.length;
      for (const number of groups.sendNow) price.add(number, 'service');
      if (whenClosed === 'template') for (const number of groups.park) price.add(number, 'template');
    },
    sums: (): EstimateSums => ({ counts, price: price.sums() }),
    result: (): EstimateSums['counts'] & Pick<Plan, 'price'> => ({ ...counts, price: price.total() }),
  };
}
