import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import {
  parseCampaign,
  parseCampaignId,
  parseDryRun,
  parseListQuery,
  parseRecipientsQuery,
  parseUpload,
} from '../lib/campaigns/contract.ts';
import { campaignResponse, createdResponse, recipientsResponse } from '../lib/campaigns/responses.ts';
import { type ApiRequest, api, bodyOf, isHttpEvent } from '../lib/http/api.ts';
import { direct } from '../lib/http/direct-invocation.ts';
import { AppError } from '../lib/platform/errors.ts';
import { defaultFrom } from '../lib/sending/contract.ts';
import { wireCampaigns } from '../lib/wiring/campaigns.ts';

const { stores, control, create, launch, read } = wireCampaigns('campaigns');
const sender = defaultFrom(stores.config);

async function created(request: ApiRequest) {
  const { stored, fresh } = await create(parseCampaign(bodyOf(request.event), sender), request);
  return createdResponse(await read.view(stored.value), fresh);
}

async function ofOne(request: ApiRequest) {
  const { event, path } = request;
  const id = parseCampaignId(path);
  const query = event.queryStringParameters;
  switch (event.routeKey) {
    case 'GET /v1/campaigns/{campaignId}':
      return campaignResponse(await read.view((await control.find(id, request)).value));
    case 'POST /v1/campaigns/{campaignId}/recipients':
      return {
        status: 201,
        body: await control.upload(id, parseUpload(event.body ? bodyOf(event) : undefined), request),
      };
    case 'GET /v1/campaigns/{campaignId}/recipients': {
      const campaign = (await control.find(id, request)).value;
      return recipientsResponse(
        await read.recipients(campaign, parseRecipientsQuery(query)),
        request.headers,
      );
    }
    case 'POST /v1/campaigns/{campaignId}/plan':
      return campaignResponse(await read.view(await control.plan(id, parseDryRun(query), request)));
    case 'POST /v1/campaigns/{campaignId}/start':
      return campaignResponse(await read.view(await control.start(id, request)));
    case 'POST /v1/campaigns/{campaignId}/pause':
      return campaignResponse(await read.view(await control.pause(id, request)));
    case 'POST /v1/campaigns/{campaignId}/resume':
      return campaignResponse(await read.view(await control.resume(id, request)));
    case 'POST /v1/campaigns/{campaignId}/cancel':
      return campaignResponse(await read.view(await control.cancel(id, request)));
    default:
      throw new AppError('not-found', 'There is no such route.');
  }
}

const overHttp = api(stores, async (request) => {
  switch (request.event.routeKey) {
    case 'POST /v1/campaigns':
      return created(request);
    case 'GET /v1/campaigns': {
      const { after } = parseListQuery(request.event.queryStringParameters);
      const { items, next } = await read.list(request, after);
      return { status: 200, body: { campaigns: items, next } };
    }
    default:
      return ofOne(request);
  }
});

/** The same definition as an event is created, planned and started: no caller waits to do it. */
const directly = direct(stores, async (body, run) => {
  const campaign = await launch(parseCampaign(body, sender), run);
  return createdResponse(await read.view(campaign), true);
});

/** `/v1/campaigns…`; a campaign as a direct event; a campaign as the detail of an EventBridge event. */
export const handler = (event: APIGatewayProxyEventV2, context: Context) =>
  isHttpEvent(event) ? overHttp(event, context) : directly(event, context);
