/** The campaign demo: a file with a few bad rows, its plan, and hundreds of flows at a steady rate. */
import { randomUUID } from 'node:crypto';
import type { CampaignView } from '../src/lib/campaigns/report.ts';
import { BAD_ROWS, type Crowd, crowdOf, fileOf } from './demo-crowd.ts';
import { showProgress } from './demo-progress.ts';
import { type Answer, call, holds, title, until } from './demo-steps.ts';
import type { System } from './system.ts';

const BUSINESS = '254110090747';
const PER_MINUTE = 1_500;

/** What the steps share: one campaign on one system. */
type Demo = ReturnType<typeof demoOn>;

const demoOn = ({ apiUrl, simulatorUrl, awsUrl, token }: System, crowd: Crowd) => {
  const campaignId = `demo-${randomUUID()}`;
  const api = <Json = CampaignView>(method: string, at: string, body?: object) =>
    call<Json>(method, `${apiUrl}${at}`, { token, ...(body ? { body } : {}) });
  return {
    crowd,
    campaignId,
    path: `/v1/campaigns/${campaignId}`,
    api,
    /** Calls the API and prints the request and the status. */
    step: async <Json = CampaignView>(method: string, at: string, body?: object): Promise<Answer<Json>> => {
      const answer = await api<Json>(method, at, body);
      console.log(`   → ${method} ${at.replace(campaignId, '{campaignId}')}\n   ← ${answer.status}`);
      return answer;
    },
    simulated: <Json>(method: string, at: string, body?: object) =>
      call<Json>(method, `${simulatorUrl}/__sim/${at}`, body ? { body } : {}),
    events: () => call<{ detailType: string }[]>('GET', `${awsUrl}/__aws/events`),
  };
};

const writeIn = async ({ crowd: { writers, silent, stopped }, simulated }: Demo): Promise<void> => {
  const joined = [...writers, ...stopped];
  title(
    `${joined.length} customers write, then STOP comes from ${stopped.length} of them; ${silent.length} never write.`,
  );
  // A few at a time, since all parts of the system share this process.
  const gently = { text: 'join lipaflow', perCall: 25, concurrency: 1 };
  const { json: heard } = await simulated<{ joined: number; failed: number }>('POST', 'customers/messages', {
    customers: joined,
    ...gently,
  });
  for (const customer of stopped) await simulated('POST', `customers/${customer}/messages`, { text: 'STOP' });
  holds('the webhook received all messages', heard.joined === joined.length && heard.failed === 0);
};

const create = async ({ campaignId, step }: Demo): Promise<void> => {
  title('Create a campaign: a flow with a placeholder for each recipient’s name, and a rate.');
  const created = await step('POST', '/v1/campaigns', {
    campaignId,
    name: 'Share your details',
    perMinute: PER_MINUTE,
    message: {
      from: BUSINESS,
      text: 'Hello {{name}}, please share your details.',
      data: { package: '{{package}}' },
      flowId: 'YOUR_FLOW_ID',
      flowCta: 'Share Details!',
      screen: 'DETAILS',
      whenClosed: 'park',
    },
  });
  holds('it is a draft', created.status === 201 && created.json.state === 'draft');
};

const upload = async ({ crowd, path, step }: Demo): Promise<void> => {
  title('Upload its recipients as CSV, with a few bad rows among them.');
  const link = await step<{ url: string }>('POST', `${path}/recipients`, { format: 'csv' });
  const put = await fetch(link.json.url, { method: 'PUT', body: fileOf(crowd) });
  holds('the file is in S3, uploaded through a link that needs no AWS credentials', put.status === 200);
};

const showPlan = (plan: NonNullable<CampaignView['plan']>): void => {
  const { counts, estimatedMinutes, price, rejected } = plan;
  for (const [what, count] of Object.entries(counts)) console.log(`     ${what.padEnd(12)} ${count}`);
  console.log(
    `     about ${estimatedMinutes} min at this rate, ${price.currency} ${price.amount} at the prices of ${price.asOf}`,
  );
  for (const { line, kind, reason } of rejected) console.log(`     line ${line}: ${kind}, ${reason}`);
};

const plan = async ({ crowd: { writers, silent, stopped }, path, api, step }: Demo): Promise<void> => {
  title('Plan it: every row is read and checked, and nothing is sent.');
  await step('POST', `${path}/plan`);
  const planned = await until(
    () => api('GET', path),
    ({ json }) => json.state !== 'planning',
  );
  const found = planned.json.plan;
  if (found) showPlan(found);
  const total = writers.length + silent.length + stopped.length;
  const rows = { total, sendNow: writers.length, park: silent.length, windowShut: 0 };
  const expected = { ...rows, optedOut: stopped.length, invalid: BAD_ROWS.length, duplicate: 1 };
  const names = Object.keys(expected) as (keyof typeof expected)[];
  holds(
    'the figures are exact',
    names.every((name) => found?.counts[name] === expected[name]),
  );
};

const run = async ({ crowd: { writers, silent, stopped }, path, api, step }: Demo): Promise<void> => {
  title(`Start it, at ${PER_MINUTE} messages a minute.`);
  const startedAt = Date.now();
  const recipients = writers.length + silent.length + stopped.length;
  await step('POST', `${path}/start`);
  const done = await showProgress({
    read: async () => (await api('GET', path)).json,
    isOver: ({ state }) => state !== 'running',
    withinMs: (recipients / PER_MINUTE) * 60_000 + 60_000,
  });
  const seconds = (Date.now() - startedAt) / 1000;
  holds(`it is completed after ${seconds.toFixed(1)} s`, done.state === 'completed');

  title('Each recipient was handled once.');
  const { progress } = done;
  holds(`${writers.length} sent`, progress?.sent === writers.length);
  holds(`${silent.length} parked until they write`, progress?.parked === silent.length);
  holds(`${stopped.length} skipped, since they wrote STOP`, progress?.['opted-out'] === stopped.length);
};

const check = async ({ crowd: { writers }, simulated, events }: Demo): Promise<void> => {
  const deliveries = await simulated<[to: string][]>('GET', 'deliveries?fields=to');
  const rung = deliveries.json.map(([to]) => to);
  holds(
    'every phone got one flow, and no other phone got any',
    rung.length === writers.length && new Set(rung).size === rung.length,
  );
  const published = await until(events, ({ text }) => text.includes('campaign.completed'));
  const types = published.json.map(({ detailType }) => detailType);
  const ofCampaign = types.filter((type) => type.startsWith('campaign.'));
  console.log(`     ${ofCampaign.join(' → ')}`);
  holds(
    'the bus has the events of the campaign',
    ofCampaign.join() === 'campaign.planned,campaign.started,campaign.completed',
  );
};

/** Runs a campaign of `recipients` on the local system, step by step. Throws at the first claim that does not hold. */
export const demoCampaign = async (system: System, recipients: number): Promise<void> => {
  const demo = demoOn(system, crowdOf(recipients));
  for (const step of [writeIn, create, upload, plan, run, check]) await step(demo);
};
