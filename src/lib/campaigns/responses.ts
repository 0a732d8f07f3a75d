import { stringify } from 'csv-stringify/sync';
import type { ApiResponse } from '../http/api.ts';
import type { RejectedRow } from './plan/figures.ts';
import type { Page } from './read.ts';
import type { CampaignView, RecipientView } from './report.ts';

const placeOf = ({ campaignId }: CampaignView) => `/v1/campaigns/${campaignId}`;

/** A repeat of the same definition gets the first status code, with the campaign's current state. */
export function createdResponse(view: CampaignView, fresh: boolean): ApiResponse {
  const replayed: Record<string, string> = fresh ? {} : { 'idempotent-replayed': 'true' };
  return { status: 201, body: view, headers: { location: placeOf(view), ...replayed } };
}

/** The campaign after a change; 202 if the change goes on: the planner is still working on the figures. */
export function campaignResponse(view: CampaignView): ApiResponse {
  if (view.state !== 'planning') return { status: 200, body: view };
  return { status: 202, body: view, headers: { location: placeOf(view), 'retry-after': '5' } };
}

/** Reasons contain foreign text, which must not become a formula in a spreadsheet: it gets an apostrophe and quotes. */
const FORMULA = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

/** A page as JSON, or as CSV if the caller accepts it. CSV has `next` in the `x-next` header. */
export function recipientsResponse(
  { items, next }: Page<RecipientView | RejectedRow>,
  headers: { readonly [name: string]: string | undefined },
): ApiResponse {
  if (!wantsCsv(headers['accept'])) return { status: 200, body: { recipients: items, next } };
  const columns = ['line', 'to', 'messageId', 'status', 'reason'];
  const rows = items.map((one) => ('kind' in one ? { ...one, status: one.kind } : one));
  const body = stringify(rows, { header: true, columns, escape_formulas: true, quoted_match: FORMULA });
  return { status: 200, body, headers: { 'content-type': 'text/csv', ...(next ? { 'x-next': next } : {}) } };
}

function wantsCsv(accept: string | undefined): boolean {
  const kinds = (accept ?? '').split(',').map((kind) => kind.split(';')[0]?.trim().toLowerCase());
  return kinds.includes('text/csv');
}
