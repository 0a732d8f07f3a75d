import { assertMayUse, type Caller } from '../platform/caller.ts';
import { AppError } from '../platform/errors.ts';
import type { Clock, Stored } from '../platform/ports.ts';
import {
  type Campaign,
  type CampaignDefinition,
  campaignFingerprint,
  type RecipientSource,
} from './campaign.ts';
import { newCampaign } from './lifecycle.ts';
import { campaignKeyIn, mayUse, ownerOf } from './ownership/owned.ts';
import { assertMayRead, sourceKey } from './plan/source.ts';
import type { CampaignStore, ObjectStore } from './ports.ts';
import { parseSchedule, ScheduleFault } from './schedule.ts';

/*
 * Creates a campaign once per campaignId, as a message is sent once per messageId. The first definition
 * stored is the only one, and a repeat gets it. Inline recipients go to the file store first, under a key
 * derived from their content, so a crash in between leaves nothing that counts.
 */

export interface CreateCampaignDeps {
  readonly campaigns: CampaignStore;
  readonly objects: ObjectStore;
  readonly clock: Clock;
  /** The key of a new campaign. */
  readonly newKey: () => string | undefined;
  readonly retentionDays: number;
}

/** A parsed request of `POST /v1/campaigns`. */
export interface CampaignOrder {
  readonly definition: CampaignDefinition;
  readonly recipients:
    | { readonly kind: 'inline'; readonly rows: readonly Readonly<Record<string, string>>[] }
    | { readonly kind: 's3'; readonly bucket: string; readonly key: string; readonly format: 'csv' | 'jsonl' }
    | undefined;
}

export type CampaignCreator = ReturnType<typeof makeCreateCampaign>;

export function makeCreateCampaign({ campaigns, objects, clock, newKey, retentionDays }: CreateCampaignDeps) {
  return async function create(
    order: CampaignOrder,
    by: Caller & { readonly autoStart?: true },
  ): Promise<{ readonly stored: Stored<Campaign>; readonly fresh: boolean }> {
    const { campaignId } = order.definition;
    const definition = { ...order.definition, campaignId: campaignKeyIn(by.namespaceKey, campaignId) };
    assertMayUse(by, definition.message.from);
    if (order.recipients?.kind === 's3') assertMayRead(by, order.recipients, objects.bucket);
    const fingerprint = campaignFingerprint(JSON.parse(JSON.stringify(order)));
    const found = await campaigns.get(definition.campaignId);
    if (!found) {
      const source = await sourceOf({ ...order, definition }, fingerprint);
      const now = clock.now();
      assertInTime(definition, now);
      const made = await campaigns.create(
        newCampaign(definition, {
          ...ownerOf(by, campaignId),
          fingerprint,
          idKey: newKey(),
          source,
          autoStart: by.autoStart,
          now,
          retentionDays,
        }),
      );
      if (made.done) return { stored: made.stored, fresh: true };
    }
    const stored = found ?? (await campaigns.get(definition.campaignId));
    const isOwn = stored && mayUse(stored.value, by) && stored.value.parent === undefined;
    if (isOwn && stored.value.fingerprint === fingerprint) return { stored, fresh: false };
    const detail = 'This campaignId belongs to a different campaign. Use a new campaignId for each campaign.';
    throw new AppError('campaign-id-reused', detail);
  };

  async function sourceOf(
    { definition, recipients }: CampaignOrder,
    fingerprint: string,
  ): Promise<RecipientSource | undefined> {
    if (!recipients) return undefined;
    if (recipients.kind === 's3') {
      const { bucket, key, format } = recipients;
      return { bucket, key, format, given: 's3' };
    }
    const key = sourceKey(definition, `inline-${fingerprint}.jsonl`);
    await objects.put(key, recipients.rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    return { bucket: objects.bucket, key, format: 'jsonl', given: 'inline' };
  }
}

/** Only a new campaign is checked against the clock: a repeat of an old request is a replay. */
function assertInTime({ startAt, expiresAt, schedule }: CampaignDefinition, now: Date): void {
  const faults = [
    ...(startAt && startAt <= now ? [{ path: 'startAt', message: 'must be in the future' }] : []),
    ...(expiresAt && expiresAt <= now ? [{ path: 'expiresAt', message: 'must be in the future' }] : []),
    ...(startAt && expiresAt && expiresAt <= startAt
      ? [{ path: 'expiresAt', message: 'must be after startAt' }]
      : []),
    ...scheduleFaults(schedule, now),
  ];
  if (faults.length > 0)
    throw new AppError('invalid-request', 'The campaign could never run. See errors.', { errors: faults });
}

function scheduleFaults(schedule: CampaignDefinition['schedule'], now: Date) {
  try {
    if (schedule) parseSchedule(schedule, now);
    return [];
  } catch (fault) {
    if (!(fault instanceof ScheduleFault)) throw fault;
    return [{ path: 'schedule', message: fault.message }];
  }
}
