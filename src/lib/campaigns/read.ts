import { noCursor } from '../http/cursor.ts';
import { mapEnded } from '../platform/all-ended.ts';
import type { Caller } from '../platform/caller.ts';
import { AppError } from '../platform/errors.ts';
import type { Clock } from '../platform/ports.ts';
import { type Campaign, hasEnded, hasMore } from './campaign.ts';
import {
  isBlankLine,
  type LedgerBatch,
  type PlannedRecipient,
  readPlanLine,
  recipientMessageId,
} from './ledger.ts';
import { type ListCampaignsDeps, makeListCampaigns } from './ownership/list.ts';
import { partAt, type RejectedRow } from './plan/figures.ts';
import type { PlanReader } from './plan/reader.ts';
import { RecipientsFault } from './plan/recipient.ts';
import type { LedgerStore, ObjectRef, ObjectStore } from './ports.ts';
import { type CampaignView, campaignView, type RecipientView, statusIn } from './report.ts';

export interface ReadCampaignDeps extends ListCampaignsDeps {
  readonly ledger: LedgerStore;
  readonly objects: ObjectStore;
  readonly planReader: PlanReader;
  readonly clock: Clock;
}

/** A page of results; `next` is the place of the next page, null at the end (`http/cursor.ts` makes a cursor of it). */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export type RecipientStatus = RecipientView['status'] | RejectedRow['kind'];

const READ_AT_ONCE = 32;
/** A page of recipients consists of whole batches: enough for ROWS_A_PAGE rows, BATCHES_A_PAGE at most. */
const ROWS_A_PAGE = 100;
const BATCHES_A_PAGE = 50;
const READ_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

export type CampaignReader = ReturnType<typeof makeReadCampaign>;

export function makeReadCampaign(deps: ReadCampaignDeps) {
  const { ledger, objects, planReader, clock } = deps;
  const listCampaigns = makeListCampaigns(deps);

  async function view(campaign: Campaign): Promise<CampaignView> {
    const { campaignId, aggregated, cursor } = campaign;
    const places = Array.from({ length: cursor.batch - aggregated }, (_, k) => aggregated + k);
    const open = await mapEnded(places, (n) => ledger.get({ campaignId, n }), { concurrency: READ_AT_ONCE });
    return campaignView(
      campaign,
      open.filter((batch) => batch !== undefined),
      clock.now(),
    );
  }

  /** Newest first, without the campaigns of other clients and numbers. */
  async function list(caller: Caller, after: string | undefined): Promise<Page<CampaignView>> {
    const { campaigns, next } = await listCampaigns(caller, after);
    return { items: await mapEnded(campaigns, view, { concurrency: 4 }), next };
  }

  async function recipients(
    campaign: Campaign,
    { status, after }: { readonly status: RecipientStatus | undefined; readonly after: string | undefined },
  ): Promise<Page<RecipientView | RejectedRow>> {
    if (!campaign.plan?.parts)
      throw new AppError('campaign-state', 'The campaign has no plan yet. Plan it first.');
    try {
      if (status === 'invalid' || status === 'duplicate') return await refused(campaign, status, after);
      return await planned(campaign, status, after);
    } catch (fault) {
      if (!(fault instanceof RecipientsFault)) throw fault;
      throw new AppError('campaign-state', `The campaign's plan can't be read: ${fault.message}.`);
    }
  }

  /** First the taken recipients, batch by batch; then the rest, line by line. */
  async function planned(
    campaign: Campaign,
    status: RecipientStatus | undefined,
    after: string | undefined,
  ): Promise<Page<RecipientView>> {
    const place = placeIn(after);
    if (place.kind === 'line') return untaken(campaign, status, place);
    const items: RecipientView[] = [];
    const isWanted = (one: RecipientView) => status === undefined || one.status === status;
    let { n } = place;
    for (; n < place.n + BATCHES_A_PAGE && n < campaign.cursor.batch && items.length < ROWS_A_PAGE; n += 1) {
      const batch = await ledger.get({ campaignId: campaign.campaignId, n });
      if (batch) items.push(...(await inBatch(campaign, batch)).filter(isWanted));
    }
    const { row, offset, batch: taken } = campaign.cursor;
    if (n < taken) return { items, next: `b${n}` };
    // An empty first page would look like a campaign without recipients.
    if (items.length === 0) return untaken(campaign, status, { row, offset });
    return { items, next: hasMore(campaign) ? `r${row}-${offset}` : null };
  }

  async function inBatch(campaign: Campaign, batch: LedgerBatch): Promise<RecipientView[]> {
    const found = await planReader.recipients(campaign, batch);
    return viewsOf(campaign, found, { batch, first: batch.first });
  }

  async function untaken(
    campaign: Campaign,
    status: RecipientStatus | undefined,
    { row, offset }: { readonly row: number; readonly offset: number },
  ): Promise<Page<RecipientView>> {
    const { parts, counts } = campaign.plan ?? {};
    const isAsked = status === undefined || status === (hasEnded(campaign) ? 'not-reached' : 'pending');
    if (!parts || !counts || row >= counts.total || !isAsked) return { items: [], next: null };
    const place = partAt(parts, offset);
    if (!place) throw noCursor();
    const ref = { bucket: objects.bucket, key: place.part.key, etag: place.part.etag };
    const { lines, length } = await linesFrom(ref, place.offset);
    const items = viewsOf(campaign, lines.map(readPlanLine), { batch: undefined, first: row });
    const isEnd = lines.length === 0 || row + lines.length >= counts.total;
    return { items, next: isEnd ? null : `r${row + lines.length}-${offset + length}` };
  }

  /** The rows that planning rejected. In the cursor of a page, the row is the number of the object. */
  async function refused(
    { plan }: Campaign,
    kind: RejectedRow['kind'],
    after: string | undefined,
  ): Promise<Page<RejectedRow>> {
    const { rejectedKeys = [], counts } = plan ?? {};
    const place = placeIn(after ?? 'r0-0');
    const { row: n, offset } = place.kind === 'line' ? place : { row: 0, offset: 0 };
    const key = rejectedKeys[n];
    if (key === undefined || counts?.[kind] === 0) return { items: [], next: null };
    const ref = { bucket: objects.bucket, key };
    const { bytes: size } = await objects.head(ref);
    const { lines, length } = offset < size ? await linesFrom(ref, offset) : { lines: [], length: 0 };
    const rows = lines.flatMap((line) => (isBlankLine(line) ? [] : [JSON.parse(line) as RejectedRow]));
    const end = offset + length;
    const more = n + 1 < rejectedKeys.length ? `r${n + 1}-0` : null;
    return {
      items: rows.filter((row) => row.kind === kind),
      next: length === 0 || end >= size ? more : `r${n}-${end}`,
    };
  }

  /** The whole lines from `offset`. Checks that the byte before ends a line. */
  async function linesFrom(ref: ObjectRef & { readonly etag?: string }, offset: number) {
    const before = Math.min(offset, 1);
    const bytes = await objects.readRange(ref, { offset: offset - before, length: READ_BYTES });
    if (before > 0 && bytes[0] !== NEWLINE) throw noCursor();
    return wholeLines(bytes.subarray(before));
  }

  return { view, list, recipients };
}

/** Who was erased is not listed. */
function viewsOf(
  campaign: Campaign,
  recipients: readonly (PlannedRecipient | undefined)[],
  { batch, first }: { readonly batch: LedgerBatch | undefined; readonly first: number },
): RecipientView[] {
  return recipients.flatMap((one, k) => (one ? [viewOf(campaign, one, batch, first + k)] : []));
}

function viewOf(
  campaign: Campaign,
  { line, to }: PlannedRecipient,
  batch: LedgerBatch | undefined,
  row: number,
): RecipientView {
  const messageId = recipientMessageId(campaign, to);
  return { line, to, messageId, ...statusIn(batch, row, hasEnded(campaign)) };
}

type Place =
  | { readonly kind: 'batch'; readonly n: number }
  | { readonly kind: 'line'; readonly row: number; readonly offset: number };

/** Parses `next`. */
function placeIn(after: string | undefined): Place {
  const [, n, row, offset] = /^(?:b(\d{1,9})|r(\d{1,9})-(\d{1,15}))$/.exec(after ?? 'b0') ?? [];
  if (n !== undefined) return { kind: 'batch', n: Number(n) };
  if (row !== undefined) return { kind: 'line', row: Number(row), offset: Number(offset) };
  throw noCursor();
}

function wholeLines(bytes: Buffer): { readonly lines: readonly string[]; readonly length: number } {
  const length = bytes.lastIndexOf('\n') + 1;
  const text = bytes.subarray(0, Math.max(0, length - 1)).toString('utf8');
  return { lines: length === 0 ? [] : text.split('\n'), length };
}
