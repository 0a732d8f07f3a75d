/** What callers and customers notice of a restore: begun before it, and looked at after it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ScanCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { expect } from 'vitest';
import { type Answer, isReplay } from '../../support/fleet/answer.ts';
import { until } from '../../support/fleet/wait.ts';
import type { World } from './world.ts';

/** Not the sandbox's, whose customers have to join first. */
const BUSINESS = '254709000111';
const TOKEN = 'token-of-the-rehearsal';
const OPTED_OUT = '254717746001';

const flow = (to: string, fields: Record<string, unknown> = {}) => ({
  messageId: crypto.randomUUID() as string,
  ...{ to, from: BUSINESS, text: 'Please share your details.', flowId: '1234', flowCta: 'Share details' },
  ...{ screen: 'DETAILS', data: {}, ...fields },
});
type Body = ReturnType<typeof flow>;

let numbers = 254_717_747_000;
const newCustomer = (): string => {
  numbers += 1;
  return String(numbers);
};

export const createRehearsal = (world: () => World) => {
  const app = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    world().api(method, path, { token: TOKEN, body, headers });
  const send = (body: Body, headers = {}): Promise<Answer> => app('POST', '/v1/flows', body, headers);
  const status = async ({ messageId }: Body) => (await app('GET', `/v1/messages/${messageId}`)).json.status;
  const whenStatus = (body: Body, wanted: string) =>
    until(`${body.messageId} to be ${wanted}`, async () => (await status(body)) === wanted);
  const delivered = async ({ messageId }: Body) => (await world().lipachat.deliveries(messageId)).length;
  const writeIn = async (customer: string): Promise<void> => {
    const written = await world().lipachat.writeIn(customer, { to: BUSINESS });
    expect(written.webhook).toMatchObject([{ status: 200 }]);
    await until(
      `the window with ${customer}`,
      async () => (await app('GET', `/v1/sessions/${BUSINESS}/${customer}`)).json.open === true,
    );
  };
  const invited = async (): Promise<string> => {
    const customer = newCustomer();
    await writeIn(customer);
    return customer;
  };
  const invoke = (name: string) => world().run(`npx serverless invoke -f ${name} -d '{}' --stage prod`);

  /** Sets an instant of an item to now, as if the time until then had passed. */
  const pass = async (pk: string, ...attributes: string[]): Promise<void> => {
    const { account, variables } = world();
    const sets = attributes.map((name) => `${name} = :now`).join(', ');
    await account.dynamodb.send(
      new UpdateItemCommand({
        TableName: variables['TABLE'],
        Key: { pk: { S: pk } },
        UpdateExpression: `SET ${sets}`,
        ExpressionAttributeValues: { ':now': { N: String(Date.now() - 1000) } },
      }),
    );
  };

  const sentFlow = async () => {
    const body = flow(await invited());
    const answer = await send(body);
    expect(answer).toMatchObject({ status: 201, json: { status: 'sent' } });
    return { body, answer };
  };
  const isReplayed = async ({ body, answer }: Awaited<ReturnType<typeof sentFlow>>): Promise<void> => {
    const again = await send(body);
    expect([again.status, isReplay(again), again.text]).toEqual([201, true, answer.text]);
    expect(await delivered(body)).toBe(1);
  };
  const parkedFlow = async (): Promise<Body> => {
    const body = flow(newCustomer(), { whenClosed: 'park' });
    expect(await send(body)).toMatchObject({ status: 202, json: { status: 'parked' } });
    return body;
  };
  const isReleased = async (body: Body): Promise<void> => {
    expect(await delivered(body)).toBe(0);
    await writeIn(body.to);
    await whenStatus(body, 'sent');
    expect(await delivered(body)).toBe(1);
  };
  const isObeyed = async (): Promise<void> => {
    expect((await send(flow(OPTED_OUT))).json.code).toBe('recipient-opted-out');
    expect((await world().lipachat.deliveries()).filter(({ to }) => to === OPTED_OUT)).toEqual([]);
  };

  const campaign = async (campaignId: string, fields: Record<string, unknown>) => {
    const people = await Promise.all([1, 2, 3, 4].map(async (n) => ({ to: await invited(), name: `N${n}` })));
    const { messageId: _, to: __, ...message } = flow('');
    const body = { campaignId, name: campaignId, message, recipients: { inline: people }, ...fields };
    expect((await app('POST', '/v1/campaigns', body)).status).toBe(201);
    expect((await app('POST', `/v1/campaigns/${campaignId}/plan`)).status).toBe(200);
    expect((await app('POST', `/v1/campaigns/${campaignId}/start`)).status).toBeLessThan(300);
    return { campaignId, numbers: people.map(({ to }) => to) };
  };
  type Campaign = Awaited<ReturnType<typeof campaign>>;
  const read = async ({ campaignId }: Campaign) => (await app('GET', `/v1/campaigns/${campaignId}`)).json;
  const deliveredTo = async ({ numbers: to }: Campaign): Promise<number> =>
    (await world().lipachat.deliveries()).filter((one) => to.includes(one.to)).length;
  const isComplete = async (one: Campaign): Promise<void> => {
    await until(`the last of ${one.campaignId}`, async () => (await deliveredTo(one)) === 4);
    // The tick of the next minute would complete it, too.
    await invoke('campaignTick');
    await until(`${one.campaignId} to be completed`, async () => (await read(one))['state'] === 'completed');
    expect(await read(one)).toMatchObject({ progress: { total: 4, sent: 4 } });
    expect(await deliveredTo(one)).toBe(4);
  };

  return {
    begin: async () => {
      const { account, assign, variables } = world();
      const query = '--query "Stacks[0].Outputs[?OutputKey==\'TableName\'].OutputValue" --output text';
      await assign(
        'TABLE',
        `TABLE=$(aws cloudformation describe-stacks --stack-name lipaflow-prod ${query})`,
      );
      const scopes = ['send', 'read', 'campaigns', 'consent', 'admin'];
      await account.putClient({ clientId: 'rehearsal', token: TOKEN, scopes }, variables['TABLE'] ?? '');
      await writeIn(OPTED_OUT);
      expect((await app('PUT', `/v1/opt-outs/${BUSINESS}/${OPTED_OUT}`)).status).toBeLessThan(300);
      await isObeyed();
      return { sent: await sentFlow(), parked: await parkedFlow() };
    },

    /** Exactly what a reader forgets: the next deployment, without the param. */
    leavesNoTable: async (): Promise<void> => {
      const refused = world().run('npx serverless deploy --stage prod');
      await expect(refused).rejects.toThrow(
        /Put "existingTableStream: arn:\S+" under the params of stage prod/,
      );
    },

    /** Of each kind that the stack's queues and schedules work on, one that is under way. */
    leaveOpen: async () => {
      const { lipachat } = world();
      const unknown = flow(await invited());
      const queued = flow(await invited());
      await lipachat.fail({ kind: 'accept-then-reset' }, { messageId: unknown.messageId, times: null });
      await lipachat.fail({ kind: 'throttle' }, { messageId: queued.messageId, times: null });
      expect(await send(unknown)).toMatchObject({ status: 202, json: { status: 'unknown' } });
      expect((await send(queued, { prefer: 'respond-async' })).status).toBe(202);
      await until('its first try', async () => (await lipachat.calls(queued.messageId)).length > 0);
      await whenStatus(queued, 'queued');
      const scheduled = await campaign('later', {
        perMinute: 600,
        startAt: new Date(Date.now() + 40_000).toISOString(),
      });
      const paused = await campaign('paused', { perMinute: 12 });
      expect((await app('POST', '/v1/campaigns/paused/pause')).status).toBeLessThan(300);
      const parked = await parkedFlow();
      // Slow, so that it is stopped before its last recipient on a busy machine, too.
      const running = await campaign('running', { perMinute: 8 });
      await until('the first recipient', async () => (await deliveredTo(running)) > 0);
      return { unknown, queued, scheduled, paused, running, parked };
    },

    /** The commands of the page's first step, to which a later one leads back; and what runs then comes to its end. */
    stop: async (commands: readonly string[]): Promise<void> => {
      await Promise.all(commands.map((text) => world().run(text)));
      await sleep(3_000);
      await world().lipachat.mend();
    },

    isUnderWay: async (open: { running: Campaign; unknown: Body; queued: Body }): Promise<void> => {
      expect(await deliveredTo(open.running)).toBeLessThan(4);
      expect(await delivered(open.queued)).toBe(0);
      expect(await status(open.unknown)).toBe('unknown');
    },

    isObeyed,
    isReplayed,
    isReleased,
    isComplete,

    /** The records of both were in a queue that is gone. The sweeper and the tick find them once they are overdue. */
    passTime: async ({ queued, running }: { queued: Body; running: Campaign }): Promise<void> => {
      await pass(`message#${queued.messageId}`, 'dueAt', 'notBefore');
      const { account, variables } = world();
      const batches = await account.dynamodb.send(new ScanCommand({ TableName: variables['TABLE'] }));
      const mine = (batches.Items ?? []).map(({ pk }) => pk?.S ?? '');
      for (const pk of mine.filter((one) => one.startsWith(`batch#${running.campaignId}#`)))
        await pass(pk, 'wakeAt');
      await invoke('sweeper');
      await invoke('campaignTick');
    },

    isSentOnce: async (body: Body): Promise<void> => {
      await whenStatus(body, 'sent');
      expect(await delivered(body)).toBe(1);
    },

    resume: ({ campaignId }: Campaign) => app('POST', `/v1/campaigns/${campaignId}/resume`),
  };
};
