/** Campaigns of a fleet, as an app runs them: over HTTP, with a token of its own. */
import { randomUUID } from 'node:crypto';
import type { Answer } from './answer.ts';
import type { Fleet } from './fleet.ts';
import { LONGEST_WAIT_MS, until } from './wait.ts';

/** What a campaign begins with; see `POST /v1/campaigns`. */
export type CampaignFields = {
  campaignId?: string;
  name?: string;
  message?: Record<string, unknown>;
  recipients?: object;
  perMinute?: number;
  startAt?: string;
  schedule?: { expression: string; timeZone?: string };
  expiresAt?: string;
};

export type CampaignCalls = ReturnType<typeof createCampaignCalls>;

/** Campaigns take seconds, and each look reads all their open batches. */
const LOOK_AGAIN_MS = 300;
const END = ['completed', 'cancelled', 'expired', 'failed'];

/** Calls with a new client's token, which has the scope `campaigns`. */
export const campaignCallsOf = async (
  fleet: Fleet,
  options: Parameters<Fleet['newClient']>[1] = {},
): Promise<CampaignCalls> => createCampaignCalls(fleet, await fleet.newClient(['campaigns'], options));

const createCampaignCalls = (fleet: Fleet, token: string) => {
  const call = (method: string, path: string, request: Parameters<Fleet['call']>[2] = {}): Promise<Answer> =>
    fleet.call(method, `/v1/campaigns${path}`, { token, ...request });

  const verb = (name: string) => (campaignId: string) => call('POST', `/${campaignId}/${name}`);

  /** A flow to everybody, with each one's `name` in it. */
  const message = (fields: Record<string, unknown> = {}): Record<string, unknown> => {
    const { messageId: _, to: __, ...rest } = fleet.flow();
    return { ...rest, text: 'Hello {{name}}', data: { name: '{{name}}' }, ...fields };
  };

  const order = (fields: CampaignFields = {}) => ({
    campaignId: randomUUID() as string,
    name: 'A campaign of a test',
    message: message(),
    ...fields,
  });

  const read = (campaignId: string): Promise<Answer> => call('GET', `/${campaignId}`);

  /** Asks for a link and puts the file there, as an app without AWS credentials does. */
  const upload = async (campaignId: string, file: string | Buffer, format = 'csv'): Promise<Answer> => {
    const answer = await call('POST', `/${campaignId}/recipients`, { body: { format } });
    const { url, method } = answer.json as { url?: string; method?: string };
    if (!url || !method) return answer;
    const put = await fetch(url, { method, body: file });
    if (put.status !== 200) throw new Error(`the upload was refused: ${put.status} ${await put.text()}`);
    return answer;
  };

  return {
    token,
    call,
    message,
    /** A valid body of `POST /v1/campaigns` with a new id; without recipients unless they are given. */
    order,
    create: (body: object) => call('POST', '', { body }),
    upload,
    plan: (campaignId: string, query = '') => call('POST', `/${campaignId}/plan${query}`),
    start: verb('start'),
    pause: verb('pause'),
    resume: verb('resume'),
    cancel: verb('cancel'),
    read,
    list: (query = '') => call('GET', query),
    recipients: (campaignId: string, query = '', headers: Record<string, string> = {}) =>
      call('GET', `/${campaignId}/recipients${query}`, { headers }),

    /** Until it is called one of those, and what is read then. */
    whenIs: (campaignId: string, states: string | string[], withinMs = LONGEST_WAIT_MS): Promise<Answer> => {
      const wanted = [states].flat();
      return until(
        `${campaignId} to be ${wanted.join(' or ')}`,
        async () => {
          const answer = await read(campaignId);
          const state = String(answer.json['state']);
          if (END.includes(state) && !wanted.includes(state)) throw new Error(`it ended: ${answer.text}`);
          return wanted.includes(state) && answer;
        },
        withinMs,
        LOOK_AGAIN_MS,
      );
    },
  };
};

/** Planned, as `plan` answered, or as it stands when a planner has taken it: throws for anything else. */
export const ready = async (
  campaigns: CampaignCalls,
  fields: CampaignFields & { file?: string | Buffer; format?: string } = {},
): Promise<string> => {
  const { file, format, ...rest } = fields;
  const order = campaigns.order(rest);
  const { campaignId } = order;
  const created = await campaigns.create(order);
  if (created.status !== 201) throw new Error(`not created: ${created.text}`);
  if (file !== undefined) await campaigns.upload(campaignId, file, format);
  await campaigns.plan(campaignId);
  await campaigns.whenIs(campaignId, 'planned');
  return campaignId;
};
