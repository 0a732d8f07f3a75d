/** What a table holds, as counts. They name kinds and states, never a person. */
import type { CampaignState } from '../../src/lib/campaigns/campaign.ts';
import { isProven, type Status } from '../../src/lib/messages/status.ts';

/** Counts by name. A name with a dot is a part of the name before the dot. */
export type Counts = Record<string, number>;

/** The attributes of an item that decide what it counts as. */
export type Counted = {
  pk: string;
  status?: Status;
  state?: CampaignState;
  optedOut?: boolean;
  revokedAt?: number;
  expires?: number;
};

/** The attributes to read. */
export const ATTRIBUTES = ['pk', 'status', 'state', 'optedOut', 'revokedAt', 'expires'] as const;

const ENDED: readonly string[] = ['completed', 'cancelled', 'expired', 'failed'] satisfies CampaignState[];

const ofMessage = ({ status }: Counted): string[] => [
  'messages',
  ...(status && isProven(status) ? ['messages.proven'] : []),
  `messages.${status ?? 'without a status'}`,
];

const ofCampaign = ({ state = 'draft' }: Counted): string[] => [
  'campaigns',
  ...(ENDED.includes(state) ? ['campaigns.ended'] : []),
  `campaigns.${state}`,
];

/** The kinds of items, by the prefix of their keys. An item counts under each of its names. */
const KINDS: Record<string, (item: Counted) => string[]> = {
  session: ({ optedOut }) => ['sessions', ...(optedOut ? ['opt-outs'] : [])],
  forgotten: () => ['erased opt-outs'],
  // The key of cursors is made anew if it is gone.
  salt: ({ pk }) => [pk === 'salt#forgotten' ? 'key of erased opt-outs' : 'other items'],
  erased: () => ['erasures of 8 days'],
  tombstone: () => ['tombstones'],
  message: ofMessage,
  campaign: ofCampaign,
  batch: () => ['campaign batches'],
  client: ({ revokedAt }) => ['clients', ...(revokedAt === undefined ? [] : ['clients.revoked'])],
  namespace: () => ['namespaces'],
  raw: () => ['raw callbacks'],
  named: () => ['names of raw callbacks'],
  orphan: () => ['unmatched statuses'],
};

/** Printed also where there is none. */
const ALWAYS = ['opt-outs', 'erased opt-outs', 'sessions', 'messages', 'campaigns', 'clients'];

export const namesOf = (item: Counted): string[] => {
  const [prefix = ''] = item.pk.split('#');
  return KINDS[prefix]?.(item) ?? ['other items'];
};

export const emptyCounts = (): Counts => Object.fromEntries(ALWAYS.map((name) => [name, 0]));

export const add = (counts: Counts, names: readonly string[]): void => {
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
};

/**
 * Counts that fall while a stage works as it should: what waits is sent, a campaign goes on, a callback is replayed or
 * finds its message.
 */
const MAY_FALL = [
  'raw callbacks',
  'names of raw callbacks',
  'unmatched statuses',
  'erasures of 8 days',
  'other items',
];

const mayFall = (name: string): boolean =>
  MAY_FALL.includes(name) || (/^(messages|campaigns)\./.test(name) && !/\.(proven|ended)$/.test(name));

export type Difference = { name: string; before: number; now: number; missing: boolean };

/** What differs, in the order of the names. `missing`: fewer than before, of what only ever grows. */
export const differences = (before: Counts, now: Counts): Difference[] =>
  [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .map((name) => ({ name, before: before[name] ?? 0, now: now[name] ?? 0 }))
    .filter((one) => one.before !== one.now)
    .map((one) => ({ ...one, missing: one.now < one.before && !mayFall(one.name) }));
