import pMap from 'p-map';
import {
  type Campaign,
  isPlanning,
  type Plan,
  type PlanCounts,
  planFailed,
  planned,
  planningGoesOn,
  type RejectedRow,
} from '../domain/campaign.ts';
import type { CampaignId } from '../domain/campaign-id.ts';
import { AppError } from '../domain/errors.ts';
import { planLine, recipientMessageId } from '../domain/ledger.ts';
import { makeNumberSet } from '../domain/number-set.ts';
import { type PhoneNumber, parsePhoneNumber } from '../domain/phone.ts';
import { placeholdersIn, render } from '../domain/placeholders.ts';
import { makePriceEstimate } from '../domain/rates.ts';
import { RecipientsFault } from '../domain/recipient.ts';
import { hasOptedOut, isOpen } from '../domain/session.ts';
import type { Clock, ForgottenStore, SessionStore, Telemetry } from '../ports.ts';
import type { CampaignStore, ObjectStore, ObjectWriter, RowReader } from '../ports-campaigns.ts';
import { amend } from './amend.ts';
import type { RecipientReader } from './recipient-request.ts';

/*
 * Planning a campaign, in one pass over its recipients and in flat memory:
 *
 * 1. read the file row by row; a bad row is reported with its line and reason, and the rest goes on;
 * 2. a row's number is read, known numbers are duplicates, and the row's own flow is made and checked as
 *    `POST /v1/flows` would check it;
 * 3. who is left goes into the plan object, one a line: what is sent later is what stands there, whatever
 *    becomes of the file;
 * 4. beside that, a hundred at a time, a look at windows and opt-outs, for the figures: who will get what. What
 *    counts is how they stand when their turn comes.
 */

export interface PlanCampaignDeps {
  readonly campaigns: CampaignStore;
  readonly sessions: SessionStore;
  readonly forgotten: ForgottenStore;
  readonly objects: ObjectStore;
  readonly readRows: RowReader;
  readonly readRequest: RecipientReader;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly sessionMarginSeconds: number;
}

export type Planner = ReturnType<typeof makePlanner>;

export const MOST_RECIPIENTS = 1_000_000;
const LOOKED_UP_AT_ONCE = 100;
const LOOK_UPS = 8;
const SHOWN_REJECTS = 100;
const PROGRESS_MS = 5_000;
export const NUMBER_COLUMN = 'to';

export function makePlanner(deps: PlanCampaignDeps) {
  const { campaigns, objects, clock, telemetry } = deps;

  /** Plans what is being planned under this id; a repeat, or a plan that was given up, does nothing. */
  async function plan(campaignId: CampaignId, planId: string): Promise<Campaign | undefined> {
    const stored = await campaigns.get(campaignId);
    if (!stored || !isPlanning(stored.value, planId)) return stored?.value;
    const { value: campaign } = stored;
    const outcome = await planOf(campaign, planId).catch((fault) => {
      if (!(fault instanceof RecipientsFault)) throw fault;
      return fault;
    });
    const now = clock.now();
    const after = await amend(campaigns, await campaigns.get(campaignId), (c) =>
      outcome instanceof RecipientsFault
        ? planFailed(c, planId, outcome.message, now)
        : planned(c, outcome, now),
    );
    telemetry.info('campaign.planned', {
      campaignId,
      state: after?.value.state,
      rows: after?.value.plan?.counts,
    });
    return after?.value;
  }

  async function planOf(campaign: Campaign, planId: string): Promise<Plan> {
    const { source } = campaign;
    if (!source) throw new RecipientsFault('there are no recipients yet: upload them first');
    const isDry = campaign.planning?.dryRun ?? false;
    const base = `plans/${campaign.campaignId}/${planId}`;
    const [file, rejectedFile] = [`${base}.jsonl`, `${base}.rejected.jsonl`];
    const { etag, body } = await objects.open(source);
    const writers = {
      accepted: isDry ? undefined : objects.writer(file),
      rejected: isDry ? undefined : objects.writer(rejectedFile),
    };
    try {
      const found = await readAll(campaign, deps.readRows(body, source), writers);
      const [written] = await Promise.all([writers.accepted?.close(), writers.rejected?.close()]);
      return {
        ...found,
        planId,
        sourceEtag: etag,
        plannedAt: clock.now(),
        file: written && { key: file, ...written },
        rejectedKey: isDry ? undefined : rejectedFile,
      };
    } catch (fault) {
      await Promise.all([writers.accepted?.abort(), writers.rejected?.abort()]);
      throw fault;
    }
  }

  async function readAll(
    campaign: Campaign,
    rows: ReturnType<RowReader>,
    writers: { readonly accepted: ObjectWriter | undefined; readonly rejected: ObjectWriter | undefined },
  ): Promise<Pick<Plan, 'counts' | 'rejected' | 'price'>> {
    const { message } = campaign;
    const wanted = placeholdersIn([message.text, message.data, message.template?.placeholders ?? []]);
    const numbers = makeNumberSet(MOST_RECIPIENTS);
    const tally = { total: 0, sendNow: 0, park: 0, windowShut: 0, optedOut: 0, invalid: 0, duplicate: 0 };
    const rejected: RejectedRow[] = [];
    const price = makePriceEstimate();
    let toldAt = clock.now().getTime();

    async function reject(row: RejectedRow): Promise<void> {
      tally[row.kind] += 1;
      if (rejected.length < SHOWN_REJECTS) rejected.push(row);
      await writers.rejected?.write(`${JSON.stringify(row)}\n`);
    }

    /** The number of a row that goes into the plan; undefined for one that was refused. */
    async function take(
      line: number,
      columns: Readonly<Record<string, string>>,
    ): Promise<PhoneNumber | undefined> {
      const missing = wanted.find((name) => !Object.hasOwn(columns, name));
      const to = parsePhoneNumber((columns[NUMBER_COLUMN] ?? '').trim());
      if (missing !== undefined) await reject({ line, kind: 'invalid', reason: `has no column ${missing}` });
      else if (!to)
        await reject({ line, kind: 'invalid', reason: `column ${NUMBER_COLUMN} is no phone number` });
      else {
        const used = Object.fromEntries(wanted.map((name) => [name, columns[name] ?? '']));
        const fault = faultOf(campaign, { to, columns: used });
        if (fault) await reject({ line, kind: 'invalid', reason: fault });
        else if (!addTo(numbers, to)) {
          await reject({ line, kind: 'duplicate', reason: 'the number stands in an earlier row' });
        } else {
          tally.total += 1;
          await writers.accepted?.write(planLine({ line, to, columns: used }));
          return to;
        }
      }
      return undefined;
    }

    async function* accepted(): AsyncIterable<PhoneNumber[]> {
      let part: PhoneNumber[] = [];
      for await (const row of rows) {
        if (row.kind === 'header') assertColumns(row.columns, wanted, campaign.source?.format === 'csv');
        else if (row.kind === 'bad') await reject({ line: row.line, kind: 'invalid', reason: row.reason });
        else {
          const to = await take(row.line, row.columns);
          if (to) part.push(to);
        }
        if (part.length === LOOKED_UP_AT_ONCE) {
          yield part;
          part = [];
        }
        if (clock.now().getTime() - toldAt > PROGRESS_MS) {
          toldAt = clock.now().getTime();
          await tellProgress(campaign, tally);
        }
      }
      if (part.length > 0) yield part;
    }

    const lookUp = async (part: PhoneNumber[]): Promise<void> => {
      const pairs = part.map((customer) => ({ business: message.from, customer }));
      const [sessions, forgotten] = await Promise.all([
        deps.sessions.getMany(pairs),
        deps.forgotten.whoOptedOut(pairs),
      ]);
      const now = clock.now();
      for (const [k, to] of part.entries()) {
        const session = sessions[k];
        if (hasOptedOut(session) || (!session && forgotten[k])) tally.optedOut += 1;
        else if (isOpen(session, now, deps.sessionMarginSeconds)) {
          tally.sendNow += 1;
          price.add(to, 'service');
        } else if (message.whenClosed === 'reject') tally.windowShut += 1;
        else {
          tally.park += 1;
          if (message.whenClosed === 'template') price.add(to, 'template');
        }
      }
    };

    // One part a turn of the generator: reading waits while eight parts are being looked up.
    await pMap(accepted(), lookUp, { concurrency: LOOK_UPS });
    return { counts: { ...tally }, rejected, price: price.total() };
  }

  /** Why the row's own flow could not be sent; undefined if it can. */
  function faultOf(
    { campaignId, message }: Campaign,
    { to, columns }: { readonly to: PhoneNumber; readonly columns: Record<string, string> },
  ): string | undefined {
    try {
      deps.readRequest({ ...render(message, columns), to, messageId: recipientMessageId(campaignId, to) });
      return undefined;
    } catch (fault) {
      if (!(fault instanceof AppError) || fault.code !== 'invalid-request') throw fault;
      return (fault.errors ?? []).map(({ path, message: why }) => `${path} ${why}`).join('; ');
    }
  }

  async function tellProgress({ campaignId, planning }: Campaign, tally: PlanCounts): Promise<void> {
    const rows = tally.total + tally.invalid + tally.duplicate;
    const stored = await campaigns.get(campaignId);
    if (!stored || !planning || !isPlanning(stored.value, planning.planId)) {
      throw new RecipientsFault('the planning was given up');
    }
    await amend(campaigns, stored, (c) => planningGoesOn(c, planning.planId, { rows, now: clock.now() }));
    telemetry.info('campaign.planning', { campaignId, rows });
  }

  return { plan };
}

function addTo(numbers: ReturnType<typeof makeNumberSet>, to: PhoneNumber): boolean {
  try {
    return numbers.add(to);
  } catch (fault) {
    if (!(fault instanceof RangeError)) throw fault;
    throw new RecipientsFault(`there are more than ${MOST_RECIPIENTS} recipients`);
  }
}

/** A placeholder that no row can fill is a fault of the whole, before anything is sent. */
function assertColumns(columns: readonly string[], wanted: readonly string[], isWhole: boolean): void {
  if (!columns.includes(NUMBER_COLUMN) && isWhole) {
    throw new RecipientsFault(`the file has no column ${NUMBER_COLUMN}`);
  }
  const missing = isWhole ? wanted.filter((name) => !columns.includes(name)) : [];
  if (missing.length === 0) return;
  throw new RecipientsFault(`the message names columns that the file does not have: ${missing.join(', ')}`);
}
