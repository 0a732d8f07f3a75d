import type { ApiClient } from '../../clients/ports.ts';
import { IAM_CLIENT } from '../../http/direct-invocation.ts';
import { mapEnded } from '../../platform/all-ended.ts';
import { type Caller, mayUseNumber } from '../../platform/caller.ts';
import type { Campaign } from '../campaign.ts';
import type { CampaignStore, ClientDirectory, Listed } from '../ports.ts';
import { mayUse } from './owned.ts';

export interface ListCampaignsDeps {
  readonly campaigns: CampaignStore;
  readonly clientDirectory: ClientDirectory;
}

const CAMPAIGNS_A_PAGE = 25;
const READ_AT_ONCE = 32;

interface CampaignPage {
  readonly campaigns: readonly Campaign[];
  /** The place of the last one; null at the end of the list. */
  readonly next: string | null;
}

/**
 * Lists the campaigns that a caller may use, newest first. What other clients create changes no page and no end of a page:
 * each client has a partition of its own. Those of 0.1 share one, from which the others' are left out.
 */
export function makeListCampaigns({ campaigns, clientDirectory }: ListCampaignsDeps) {
  return async function list(caller: Caller, after: string | undefined): Promise<CampaignPage> {
    const owners = caller.seesAll ? ownersFor(caller, await clientDirectory.list()) : [caller.clientId];
    const limit = CAMPAIGNS_A_PAGE + 1;
    const found: { readonly campaign: Campaign; readonly place: string }[] = [];
    let at = after;
    do {
      const keys = await campaigns.list(owners, { limit, after: at });
      const load = async ({ id, place }: Listed) => ({ place, campaign: (await campaigns.get(id))?.value });
      for (const { campaign, place } of await mapEnded(keys, load, { concurrency: READ_AT_ONCE })) {
        if (campaign && mayUse(campaign, caller)) found.push({ campaign, place });
      }
      at = keys.length === limit ? keys.at(-1)?.place : undefined;
    } while (at !== undefined && found.length < limit);
    const shown = found.slice(0, CAMPAIGNS_A_PAGE);
    return {
      campaigns: shown.map(({ campaign }) => campaign),
      next: found.length > shown.length ? (shown.at(-1)?.place ?? null) : null,
    };
  };
}

/** The clients with campaigns that a caller who sees all may use. */
function ownersFor(caller: Caller, clients: readonly ApiClient[]): readonly string[] {
  const isOutside = caller.namespaceKey === undefined;
  const inReach = clients.filter(
    ({ namespace, numbers }) =>
      (isOutside || namespace?.key === caller.namespaceKey) &&
      (numbers === undefined || numbers.some((number) => mayUseNumber(caller, number))),
  );
  const others = isOutside ? [IAM_CLIENT] : [];
  return [...new Set([caller.clientId, ...others, ...inReach.map(({ clientId }) => clientId)])];
}
