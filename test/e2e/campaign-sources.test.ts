/** Which files a client's campaigns may name as their recipients. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CampaignCalls, campaignCallsOf } from '../support/fleet/campaigns.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';

let fleet: Fleet;
let campaigns: CampaignCalls;

beforeAll(async () => {
  fleet = await startFleet({ counts: { campaigns: 1, campaignPlanner: 1 } });
  campaigns = await campaignCallsOf(fleet);
});
afterAll(() => fleet.stop());

const REFUSED = { status: 400, json: { code: 'invalid-request', errors: [{ path: 'recipients.s3' }] } };
const create = (token: string, s3: string) =>
  fleet.call('POST', '/v1/campaigns', { token, body: campaigns.order({ recipients: { s3 } }) });

it('another campaign’s upload is none of them, for any client, whether it exists or not', async () => {
  const theirs = campaigns.order();
  await campaigns.create(theirs);
  const upload = await campaigns.upload(theirs.campaignId, `to\n${fleet.canaries.number()}\n`);
  const { pathname } = new URL(String(upload.json['url']));
  const key = pathname.slice(pathname.indexOf('uploads/'));
  const { bucketName: Bucket } = fleet.sqs;
  const token = await fleet.newClient(['campaigns', 'admin']);
  const answers = await Promise.all(
    [key, 'uploads/x/y.csv', 'plans/x/y/0-z', 'schedules/x/y.csv'].map((one) =>
      create(token, `s3://${Bucket}/${one}`),
    ),
  );
  const blank = answers.map(({ status, json }) => ({ status, json: { ...json, correlationId: '' } }));
  for (const answer of blank) expect(answer).toEqual(blank[0]);
  expect(blank[0]).toMatchObject(REFUSED);
});

it('a client with numbers names what is listed for it, and one without what the stack may read', async () => {
  const listed = `s3://${fleet.sqs.bucketName}/crm/`;
  const numbers = [fleet.business];
  const limited = await fleet.newClient(['campaigns'], { numbers, recipientSources: [listed] });
  const none = await fleet.newClient(['campaigns'], { numbers });
  const free = await fleet.newClient(['campaigns']);
  expect(await create(limited, `${listed}a.csv`)).toMatchObject({ status: 201 });
  expect(await create(limited, `s3://${fleet.sqs.bucketName}/till/a.csv`)).toMatchObject(REFUSED);
  expect(await create(none, `${listed}a.csv`)).toMatchObject(REFUSED);
  expect(await create(free, `${listed}a.csv`)).toMatchObject({ status: 201 });
});
