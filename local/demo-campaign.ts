/** The demo of a campaign: a file with a few bad rows, its plan, and hundreds of flows at a steady rate. */
import { randomUUID } from 'node:crypto';
import type { CampaignView } from '../src/lib/campaigns/report.ts';
import { showProgress } from './demo-progress.ts';
import { type Answer, call, holds, title, until } from './demo-steps.ts';
import type { System } from './system.ts';

const BUSINESS = '254110090747';
const PER_MINUTE = 1_500;
const NAMES = ['Wanjiru', 'Otieno', 'Amina', '"Juma, the tall"', 'Njeri'];
/** The plan reports each one with its line, and the others go on. */
const BAD_ROWS = ['0712345678,Local,home', '254700000001', '254700000002,Un"quoted,home'];

type Crowd = { writers: string[]; silent: string[]; stopped: string[] };

/** Most customers have written; some never did, and some wrote STOP afterwards. */
const crowdOf = (count: number): Crowd => {
  const all = Array.from({ length: count }, (_, n) => `2547${String(50_000_000 + n)}`);
  const [silent, stopped] = [Math.ceil(count * 0.03), Math.ceil(count * 0.01)];
  return {
    silent: all.slice(0, silent),
    stopped: all.slice(silent, silent + stopped),
    writers: all.slice(silent + stopped),
  };
};

const fileOf = ({ writers, silent, stopped }: Crowd): string => {
  const rows = [...silent, ...stopped, ...writers].map((to, n) => `${to},${NAMES[n % NAMES.length]},home`);
  return ['to,name,package', ...rows, ...BAD_ROWS, `${writers[0]},Again,home`, ''].join('\r\n');
};

const campaignIn = ({ json }: Answer): CampaignView => json as unknown as CampaignView;

const showPlan = (plan: NonNullable<CampaignView['plan']>): void => {
  const { counts, estimatedMinutes, price, rejected } = plan;
  for (const [what, count] of Object.entries(counts)) console.log(`     ${what.padEnd(12)} ${count}`);
  console.log(
    `     about ${estimatedMinutes} min at this rate, ${price.currency} ${price.amount} at the prices of ${price.asOf}`,
  );
  for (const { line, kind, reason } of rejected) console.log(`     line ${line}: ${kind}, ${reason}`);
};

export const tellOfCampaign = async (system: System, recipients: number): Promise<void> => {
  const { apiUrl, simulatorUrl, awsUrl, token } = system;
  const campaignId = `demo-${randomUUID()}`;
  const path = `/v1/campaigns/${campaignId}`;
  const api = (method: string, at: string, body?: object) =>
    call(method, `${apiUrl}${at}`, { token, ...(body ? { body } : {}) });
  const step = async (method: string, at: string, body?: object): Promise<Answer> => {
    const answer = await api(method, at, body);
    console.log(`   → ${method} ${at.replace(campaignId, '{campaignId}')}\n   ← ${answer.status}`);
    return answer;
  };
  const simulated = (method: string, at: string, body?: object) =>
    call(method, `${simulatorUrl}/__sim/${at}`, body ? { body } : {});

  const crowd = crowdOf(recipients);
  const { writers, silent, stopped } = crowd;
  title(
    `${recipients - silent.length} customers write, then STOP comes from ${stopped.length} of them; ${silent.length} never write.`,
  );
  const joined = [...writers, ...stopped];
  // A few at a time, since all parts of the system share this process.
  const gently = { text: 'join lipaflow', perCall: 25, concurrency: 1 };
  const heard = await simulated('POST', 'customers/messages', { customers: joined, ...gently });
  for (const customer of stopped) await simulated('POST', `customers/${customer}/messages`, { text: 'STOP' });
  holds(
    'the webhook received all messages',
    heard.json['joined'] === joined.length && heard.json['failed'] === 0,
  );

  title('Create a campaign: a flow with a placeholder for each recipient’s name, and a rate.');
  const created = await step('POST', '/v1/campaigns', {
    ...{ campaignId, name: 'Share your details', perMinute: PER_MINUTE },
    message: {
      ...{
        from: BUSINESS,
        text: 'Hello {{name}}, please share your details.',
        data: { package: '{{package}}' },
      },
      ...{ flowId: 'YOUR_FLOW_ID', flowCta: 'Share Details!', screen: 'DETAILS', whenClosed: 'park' },
    },
  });
  holds('it is a draft', created.status === 201 && campaignIn(created).state === 'draft');

  title('Upload its recipients as CSV, with a few bad rows among them.');
  const link = await step('POST', `${path}/recipients`, { format: 'csv' });
  const put = await fetch(String(link.json['url']), { method: 'PUT', body: fileOf(crowd) });
  holds('the file is in S3, uploaded through a link that needs no AWS credentials', put.status === 200);

  title('Plan it: every row is read and checked, and nothing is sent.');
  await step('POST', `${path}/plan`);
  const planned = await until(
    () => api('GET', path),
    ({ json }) => json['state'] !== 'planning',
  );
  const { plan } = campaignIn(planned);
  if (plan) showPlan(plan);
  const counts = { total: recipients, sendNow: writers.length, park: silent.length, windowShut: 0 };
  const found = { ...counts, optedOut: stopped.length, invalid: BAD_ROWS.length, duplicate: 1 };
  const isExact = Object.entries(found).every(
    ([name, count]) => plan?.counts[name as keyof typeof found] === count,
  );
  holds('the figures are exact', isExact);

  title(`Start it, at ${PER_MINUTE} messages a minute.`);
  const startedAt = Date.now();
  await step('POST', `${path}/start`);
  const done = await showProgress({
    read: async () => campaignIn(await api('GET', path)),
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
  const deliveries = await simulated('GET', 'deliveries?fields=to');
  const rung = (deliveries.json as unknown as [to: string][]).map(([to]) => to);
  holds(
    'every phone got one flow, and no other phone got any',
    rung.length === writers.length && new Set(rung).size === rung.length,
  );
  const events = await until(
    () => call('GET', `${awsUrl}/__aws/events`),
    ({ text }) => text.includes('campaign.completed'),
  );
  const types = (events.json as unknown as { detailType: string }[]).map(({ detailType }) => detailType);
  const told = types.filter((type) => type.startsWith('campaign.'));
  console.log(`     ${told.join(' → ')}`);
  holds(
    'the bus has the events of the campaign',
    told.join() === 'campaign.planned,campaign.started,campaign.completed',
  );
};
