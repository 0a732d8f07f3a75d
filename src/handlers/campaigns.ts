import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { parseCampaign } from '../lib/campaigns/contract.ts';
import { createdResponse } from '../lib/campaigns/responses.ts';
import { campaignRoutes } from '../lib/campaigns/routes.ts';
import { api, byRoute, isHttpEvent } from '../lib/http/api.ts';
import { direct } from '../lib/http/direct-invocation.ts';
import { defaultFrom } from '../lib/sending/contract.ts';
import { wireCampaigns } from '../lib/wiring/campaigns.ts';

const { stores, ...useCases } = wireCampaigns('campaigns');
const sender = defaultFrom(stores.config);
const overHttp = api(stores, byRoute(campaignRoutes(useCases, sender)));

/** A definition in an event is created, planned and started at once, because no caller waits to do it. */
const directly = direct(stores, async (body, run) => {
  const campaign = await useCases.launch(parseCampaign(body, sender), run);
  return createdResponse(await useCases.read.view(campaign), true);
});

/** `/v1/campaigns…`, a campaign as a direct event, or a campaign as the detail of an EventBridge event. */
export const handler = (event: APIGatewayProxyEventV2, context: Context) =>
  isHttpEvent(event) ? overHttp(event, context) : directly(event, context);
