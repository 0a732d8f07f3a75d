import { type ApiRequest, type ApiResponse, bodyOf, type Routes } from '../http/api.ts';
import type { CursorsOf } from '../http/cursor.ts';
import { senderOf } from '../platform/caller.ts';
import type { Campaign } from './campaign.ts';
import type { CampaignId } from './campaign-id.ts';
import {
  parseCampaign,
  parseCampaignId,
  parseDryRun,
  parseListQuery,
  parseRecipientsQuery,
  parseUpload,
} from './contract.ts';
import type { CampaignControl } from './control.ts';
import type { CampaignCreator } from './create.ts';
import type { CampaignReader } from './read.ts';
import { campaignResponse, createdResponse, recipientsResponse } from './responses.ts';

export interface CampaignRoutesDeps {
  readonly cursorsOf: CursorsOf;
  readonly control: CampaignControl;
  readonly create: CampaignCreator;
  readonly read: CampaignReader;
}

/** `/v1/campaigns…`, by route key. `sender` is the default business number. */
export function campaignRoutes(deps: CampaignRoutesDeps, sender: string | undefined): Routes {
  const { control, create, read, cursorsOf } = deps;
  const idOf = ({ path }: ApiRequest): CampaignId => parseCampaignId(path);
  const found = async (request: ApiRequest) => (await control.find(idOf(request), request)).value;

  /** A route that changes one campaign, and responds with the campaign after the change. */
  const changing =
    (change: (id: CampaignId, request: ApiRequest) => Promise<Campaign>) =>
    async (request: ApiRequest): Promise<ApiResponse> =>
      campaignResponse(await read.view(await change(idOf(request), request)));

  return {
    'POST /v1/campaigns': async (request) => {
      const { stored, fresh } = await create(
        parseCampaign(bodyOf(request.event), senderOf(request, sender)),
        request,
      );
      return createdResponse(await read.view(stored.value), fresh);
    },
    'GET /v1/campaigns': async (request) => {
      const { after } = parseListQuery(request.event.queryStringParameters);
      const cursors = cursorsOf(request, ['campaigns']);
      const { items, next } = await read.list(request, await cursors.open(after));
      return { status: 200, body: { campaigns: items, next: await cursors.seal(next) } };
    },
    'GET /v1/campaigns/{campaignId}': async (request) => {
      return { status: 200, body: await read.view(await found(request)) };
    },
    'POST /v1/campaigns/{campaignId}/recipients': async (request) => {
      const id = idOf(request);
      const format = parseUpload(request.event.body ? bodyOf(request.event) : undefined);
      return { status: 201, body: await control.upload(id, format, request) };
    },
    'GET /v1/campaigns/{campaignId}/recipients': async (request) => {
      const campaign = await found(request);
      const { status, after: cursor } = parseRecipientsQuery(request.event.queryStringParameters);
      const cursors = cursorsOf(request, ['recipients', campaign.campaignId, campaign.plan?.planId, status]);
      const after = await cursors.open(cursor);
      const { items, next } = await read.recipients(campaign, { status, after });
      const page = { items, next: await cursors.seal(next) };
      return recipientsResponse(page, request.headers);
    },
    'POST /v1/campaigns/{campaignId}/plan': changing((id, request) =>
      control.plan(id, parseDryRun(request.event.queryStringParameters), request),
    ),
    'POST /v1/campaigns/{campaignId}/start': changing(control.start),
    'POST /v1/campaigns/{campaignId}/pause': changing(control.pause),
    'POST /v1/campaigns/{campaignId}/resume': changing(control.resume),
    'POST /v1/campaigns/{campaignId}/cancel': changing(control.cancel),
  };
}
