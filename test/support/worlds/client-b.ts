/** Plays B's script in one world, and keeps what B sees of each step. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from '../fleet/answer.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { until } from '../fleet/wait.ts';
import { type Client, plainOf } from './people.ts';
import { IDS, OPEN, type Script, type Step } from './script.ts';

const PENDING = ['queued', 'sending'];
const UNDER_WAY = ['planning', 'running'];
const LOOK_AGAIN_MS = 60;
/** On a busy machine, the stand-in for the store may not answer in time. */
const READ_TRIES = 6;
const HEADERS = ['location', 'idempotent-replayed', 'retry-after'];

export type PlayerB = {
  play: (step: Step) => Promise<void>;
  /** After a tick of the schedule's time: what B sees of the run. */
  afterTick: () => Promise<void>;
  seen: string[];
  /** The store didn't answer a request in time: what was done is not known. */
  isSpoilt: () => boolean;
  nextRunAt: () => string | undefined;
};

export const playerOf = (fleet: Fleet, client: Client, { kind }: Script): PlayerB => {
  const { token, number, customers, messageIds, campaignIds, scheduleId } = client;
  const seen: string[] = [];
  let nextRunAt: string | undefined;
  let isSpoilt = false;
  const call = async (method: string, path: string, body?: unknown, headers = {}): Promise<Answer> => {
    const request = { token, headers, ...(body === undefined ? {} : { body }) };
    let answer = await fleet.call(method, path, request);
    for (let tries = 0; method === 'GET' && answer.status >= 500 && tries < READ_TRIES; tries += 1) {
      await sleep(LOOK_AGAIN_MS * 2 ** tries);
      answer = await fleet.call(method, path, request);
    }
    isSpoilt ||= answer.status >= 500;
    return answer;
  };

  const note = (what: string, { status, headers, text }: Answer): void => {
    const shown = HEADERS.flatMap((name) =>
      headers[name] === undefined ? [] : [`${name}: ${headers[name]}`],
    );
    seen.push(plainOf(client, [what, status, ...shown, text].join(' ')));
  };

  const flow = (to: number, id: number, fields: object = {}) => ({
    ...fleet.flow({ to: customers[to] ?? '', from: number }),
    messageId: messageIds[id],
    ...fields,
  });

  const readMessage = (id: number) => call('GET', `/v1/messages/${messageIds[id]}`);
  const settledMessage = (id: number, pending = PENDING) =>
    until(
      `message ${id} to be settled`,
      async () => {
        const answer = await readMessage(id);
        return !pending.includes(String(answer.json.status)) && answer;
      },
      undefined,
      LOOK_AGAIN_MS,
    );
  const settledCampaign = (campaignId: string): Promise<Answer> => {
    let last: Answer | undefined;
    const settled = until(
      `campaign ${campaignId} to be settled`,
      async () => {
        last = await call('GET', `/v1/campaigns/${campaignId}`);
        return !UNDER_WAY.includes(String(last.json['state'])) && last;
      },
      undefined,
      LOOK_AGAIN_MS,
    );
    return settled.catch((error) => {
      throw new Error(
        `${error instanceof Error ? error.message : error}: ${plainOf(client, last?.text ?? '')}`,
      );
    });
  };

  /** As 0.1 stored it: without keys, and in the list of all clients. */
  const makeOf01 = async (campaignId: string): Promise<void> => {
    const item = await fleet.table.get(`campaign#${campaignId}`);
    if (!item?.['idKey']) return;
    const { idKey: _, ...rest } = item;
    await fleet.table.put({ ...rest, pk: item.pk, pair: 'campaigns' });
  };

  const order = (campaignId: string, to: number[], text: string) => {
    const { messageId: _, to: __, ...message } = fleet.flow({ from: number });
    return {
      campaignId,
      name: 'Spring',
      message: { ...message, text: `Hello {{name}}, ${text}` },
      perMinute: 4_800,
      recipients: { inline: to.map((n) => ({ to: customers[n] ?? '', name: `N${n}` })) },
    };
  };

  const customerWrites = async (to: number, text: string): Promise<void> => {
    const { webhook } = await fleet.lipachat.writeIn(customers[to] ?? '', { to: number, text });
    seen.push(`write ${webhook.map(({ status }) => status).join()}`);
    // What the message released is sent by a worker.
    if (to < OPEN) return;
    const { json } = await call('GET', `/v1/sessions/${number}/${customers[to]}`);
    await settledMessage(IDS + to - OPEN, json['optedOut'] === true ? PENDING : [...PENDING, 'parked']);
  };

  const ofCampaign = async (verb: string, campaignId: string): Promise<Answer> => {
    const path = `/v1/campaigns/${campaignId}`;
    if (verb === 'show') return call('GET', path);
    if (verb === 'recipients') return call('GET', `${path}/recipients`);
    if (verb === 'upload') return call('POST', `${path}/recipients`, { format: 'csv' });
    const answer = await call('POST', `${path}/${verb}`);
    if (answer.status >= 300) return answer;
    const { status, headers } = answer;
    // A running campaign's counts are a matter of time, and so is whether the first answer is the last.
    return { ...(await settledCampaign(campaignId)), status, headers };
  };

  const play = async (step: Step): Promise<void> => {
    const pathOf = (to: number) => `${number}/${customers[to]}`;
    switch (step.do) {
      case 'send': {
        const headers = step.isAsync ? { prefer: 'respond-async' } : {};
        const body = flow(step.to, step.id, { text: `Text ${step.text}` });
        note('send', await call('POST', '/v1/flows', body, headers));
        return note('sent', await settledMessage(step.id));
      }
      case 'park': {
        const fields = step.withTemplate
          ? { whenClosed: 'template', template: { name: 'hello', languageCode: 'en' } }
          : { whenClosed: 'park' };
        return note('park', await call('POST', '/v1/flows', flow(step.to, step.id, fields)));
      }
      case 'write':
        return customerWrites(step.to, step.text);
      case 'report': {
        const delivered = await fleet.simulator.control<string[][]>(
          'GET',
          'deliveries?fields=to,from,messageId',
        );
        const [last] = delivered
          .filter(([to = '', from]) => from === number && customers.includes(to))
          .slice(-1);
        if (last) await fleet.lipachat.report(last[2] ?? '', step.status);
        return note('reported', await settledMessage(step.id));
      }
      case 'read':
        return note('read', await readMessage(step.id));
      case 'session':
        return note('session', await call('GET', `/v1/sessions/${pathOf(step.to)}`));
      case 'opt-out':
        return note('opt-out', await call('PUT', `/v1/opt-outs/${pathOf(step.to)}`));
      case 'opt-in':
        return note('opt-in', await call('DELETE', `/v1/opt-outs/${pathOf(step.to)}`));
      case 'erase':
        return note('erase', await call('DELETE', `/v1/contacts/${pathOf(step.to)}`));
      case 'create': {
        const campaignId = campaignIds[step.campaign] ?? '';
        const answer = await call(
          'POST',
          '/v1/campaigns',
          order(campaignId, step.to, `variant ${step.variant}`),
        );
        if (step.isOf01) await makeOf01(campaignId);
        return note('create', answer);
      }
      case 'many':
        for (let n = 0; n < step.count; n += 1) {
          const campaignId = kind === 'no namespace' ? randomUUID() : `many-${n}`;
          await call('POST', '/v1/campaigns', order(campaignId, [0], 'many'));
        }
        return;
      case 'list':
        return list();
      case 'schedule': {
        const schedule = { expression: 'rate(1 hour)' };
        const { perMinute: _, ...rest } = order(scheduleId, [step.to], 'again');
        note('schedule', await call('POST', '/v1/campaigns', { ...rest, schedule }));
        if (step.isOf01) await makeOf01(scheduleId);
        const started = await call('POST', `/v1/campaigns/${scheduleId}/start`);
        nextRunAt = started.json['nextRunAt'] as string | undefined;
        return note('scheduled', started);
      }
      default:
        return note(step.do, await ofCampaign(step.do, campaignIds[step.campaign] ?? ''));
    }
  };

  /** All pages. */
  const list = async (): Promise<void> => {
    let after: unknown = null;
    do {
      const query: string = after === null ? '' : `?after=${String(after)}`;
      const page = await call('GET', `/v1/campaigns${query}`);
      note('list', page);
      after = page.json['next'] ?? null;
    } while (after !== null);
  };

  const afterTick = async (): Promise<void> => {
    if (nextRunAt === undefined) return;
    const { json } = await call('GET', '/v1/campaigns');
    const runs = (json['campaigns'] as { campaignId: string; parent: string | null }[]).filter(
      ({ parent }) => parent === scheduleId,
    );
    for (const { campaignId } of runs) {
      note('run', await settledCampaign(campaignId));
      note('run', await call('GET', `/v1/campaigns/${campaignId}/recipients`));
    }
    note('schedule over', await call('POST', `/v1/campaigns/${scheduleId}/cancel`));
    seen.push(`runs: ${runs.length}`);
  };

  return { play, afterTick, seen, isSpoilt: () => isSpoilt, nextRunAt: () => nextRunAt };
};
