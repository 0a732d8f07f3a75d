import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lineAfter, spawnChild, stopChildren } from '../support/children.ts';
import { until } from '../support/fleet/wait.ts';
import { type FileAnswer, sendAll } from '../support/http-file.ts';
import { ROOT } from '../support/readme.ts';
import { spawnWorker } from '../support/worker.ts';

const TOKEN = 'a-token-of-the-examples';
const system = { api: '', simulator: '' };

beforeAll(async () => {
  const child = spawnChild({
    file: 'local/start.ts',
    env: { PORT: '0', LIPAFLOW_LOCAL_TOKEN: TOKEN, LOG_LEVEL: 'ERROR' },
  });
  // It builds first, which takes its time where all tests run at once.
  const ended = child.ended.then(() => expect.fail(child.output()));
  const words = (await Promise.race([lineAfter(child.process, 'ready '), ended])).split(' ');
  for (const name of ['api', 'simulator'] as const) {
    system[name] = words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  }
}, 60_000);
afterAll(stopChildren);

const get = async (url: string): Promise<Record<string, unknown>> => {
  const response = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } });
  return (await response.json()) as Record<string, unknown>;
};

describe('examples/campaigns.http', () => {
  let answers: FileAnswer[];
  const answerTo = (title: string): Record<string, unknown> => {
    const found = answers.find((answer) => answer.title.startsWith(title));
    return JSON.parse(found?.text ?? expect.fail(`no request ${title}`)) as Record<string, unknown>;
  };

  beforeAll(async () => {
    answers = await sendAll(join(ROOT, 'examples/campaigns.http'), { ...system, token: TOKEN });
  });

  it('has requests that all work, in their order', () => {
    expect(answers.length).toBeGreaterThan(15);
    expect(answers.filter(({ status }) => status < 200 || status > 299)).toEqual([]);
    for (const { text } of answers) expect(text).not.toMatch(/\{\{(api|token|campaignId|upload)/);
  });

  it('creates and plans the campaign of campaign.json, which then sends and parks', async () => {
    const { campaignId } = JSON.parse(readFileSync(join(ROOT, 'examples/campaign.json'), 'utf8')) as {
      campaignId: string;
    };
    expect(answerTo('Create a campaign')).toMatchObject({ campaignId, state: 'draft' });
    expect(answerTo('Plan it')).toMatchObject({
      state: 'planned',
      plan: { counts: { total: 3, sendNow: 1, park: 2, invalid: 0 }, estimatedMinutes: 1 },
    });
    const done = await until('it to complete', async () => {
      const campaign = await get(`${system.api}/v1/campaigns/${campaignId}`);
      return campaign['state'] === 'completed' && campaign;
    });
    expect(done['progress']).toMatchObject({ sent: 1, parked: 2 });
  });

  it('uploads recipients.csv, whose bad rows are told with their lines', () => {
    const counts = { total: 4, sendNow: 1, park: 3, invalid: 1, duplicate: 1 };
    expect(answerTo('The figures')).toMatchObject({ state: 'draft', plan: { dryRun: true, counts } });
    expect(answerTo('The plan')).toMatchObject({ state: 'planned', plan: { dryRun: false, counts } });
    expect(answerTo('The rows')).toMatchObject({ recipients: [{ line: 6, kind: 'invalid' }], next: null });
  });
});

describe('the schedule that serverless.yml has as a comment', () => {
  it('gives the function a definition, with an id of its own for each firing', async () => {
    const source = readFileSync(join(ROOT, 'serverless.yml'), 'utf8').replaceAll(/^ +# ?/gm, '');
    const [, template = ''] = /inputTemplate: >-\n([\s\S]*?\})\n\n/.exec(source) ?? [];
    const inputs = ['2026-01-05T09:00:00Z', '2026-01-06T09:00:00Z'].map(
      (time) => JSON.parse(template.replaceAll('<time>', time)) as { campaignId: string },
    );
    expect(new Set(inputs.map(({ campaignId }) => campaignId)).size).toBe(2);
    // Everything but the store answers: what is refused as a definition never gets that far.
    const nowhere = { TABLE_NAME: 't', AWS_ENDPOINT_URL: 'http://127.0.0.1:9', AWS_REGION: 'eu-west-1' };
    const auth = await spawnWorker('campaigns', {
      ...nowhere,
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'a',
    });
    for (const input of inputs) {
      expect(await auth.invoke(input)).toMatchObject({
        statusCode: 503,
        body: { code: 'store-unavailable' },
      });
    }
    expect(await auth.invoke({ ...inputs[0], perMinute: 'fast' })).toMatchObject({ statusCode: 400 });
  });
});
