import { request } from 'node:https';
import { describe, expect, it } from 'vitest';
import { csv } from '../../support/campaign-answers.ts';
import type { Answer } from '../../support/fleet/answer.ts';
import { until } from '../../support/fleet/wait.ts';
import { BUSINESS, flow, type System } from '../system.ts';

/** Uploads a file through a link as an app does, without AWS keys. Resolves to the status. */
const put = (url: string, file: string, ca: string | undefined): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const upload = request(url, { method: 'PUT', ca, timeout: 10_000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    upload.once('error', reject).end(file);
  });

export const campaigns = (system: () => System): void => {
  /** Waits for this state. If it does not come in time, the error shows the last response. */
  const whenIs = (campaignId: string, state: string, withinMs: number): Promise<Answer> => {
    let last = '';
    const asked = async () => {
      const read = await system().app('GET', `/v1/campaigns/${campaignId}`);
      last = read.text;
      return read.json['state'] === state && read;
    };
    return until(`${campaignId} to be ${state}`, asked, withinMs).catch((error: Error) => {
      throw new Error(`${error.message}: ${last}`);
    });
  };
  const order = (campaignId: string, fields: object = {}) => {
    const { messageId: _, to: __, ...message } = flow('');
    return {
      campaignId,
      name: 'Of the proof',
      message: { ...message, text: 'Hello {{name}}', data: { name: '{{name}}' } },
      perMinute: 600,
      ...fields,
    };
  };

  describe('a campaign', () => {
    it('is planned from a large uploaded file, by the planner that its queue invokes', async () => {
      const { app, customer, emulator } = system();
      const path = '/v1/campaigns/of-a-file';
      expect((await app('POST', '/v1/campaigns', { body: order('of-a-file') })).status).toBe(201);
      const link = await app('POST', `${path}/recipients`, { body: { format: 'csv' } });
      const rows = Array.from({ length: 2_000 }, () => `${customer()},${'n'.repeat(280)}`);
      expect(await put(String(link.json['url']), csv(...rows), emulator.certificate)).toBe(200);
      expect(await app('POST', `${path}/plan`)).toMatchObject({ status: 202, json: { state: 'planning' } });
      const planned = await whenIs('of-a-file', 'planned', 100_000);
      expect(planned.json['plan']).toMatchObject({ counts: { total: 2_000, windowShut: 2_000, invalid: 0 } });
    });

    it('sends each recipient one flow of their own, through schedule, queue and worker', {
      timeout: 240_000,
    }, async () => {
      const { app, customer, lipachat } = system();
      const people = ['Asha', 'Juma', 'Zuri'].map((name) => ({ to: customer(), name }));
      for (const { to } of people) await lipachat.writeIn(to, { to: BUSINESS });
      const body = order('of-three', { recipients: { inline: people } });
      expect((await app('POST', '/v1/campaigns', { body })).status).toBe(201);
      expect((await app('POST', '/v1/campaigns/of-three/plan')).status).toBe(200);
      expect((await app('POST', '/v1/campaigns/of-three/start')).status).toBeLessThan(300);
      const done = await whenIs('of-three', 'completed', 130_000);
      expect(done.json['progress']).toMatchObject({ total: 3, sent: 3 });
      const numbers = people.map(({ to }) => to);
      const delivered = (await lipachat.deliveries()).filter(({ to }) => numbers.includes(to));
      expect(delivered.map(({ body: sent }) => (sent as { text: string }).text).toSorted()).toEqual([
        'Hello Asha',
        'Hello Juma',
        'Hello Zuri',
      ]);
    });
  });
};
