/** A hostile client beside B: it knows B's number, customers and ids, and tries whatever a client can. */
import { randomUUID } from 'node:crypto';
import { createRandom } from '../../../local/random.ts';
import { derivedId } from '../../../src/lib/platform/deterministic-id.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Client } from './people.ts';
import { OPEN, type Script } from './script.ts';

/** Requests of one attack. */
const FEW = 4;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MANY = 10;
const VERBS = ['plan', 'start', 'pause', 'resume', 'cancel', 'recipients'];

export type Attacker = {
  attack: () => Promise<void>;
  /** Creates a campaign with the id that 0.1 gives to a run of that time. */
  takeRun: (at: string) => Promise<void>;
  tries: () => number;
  statuses: Map<string, number>;
};

export const attackerOf = (
  fleet: Fleet,
  own: Client,
  { b, script }: { b: Client; script: Script },
): Attacker => {
  const { token } = own;
  const random = createRandom(script.seed + 1_000_003);
  const below = (count: number): number => Math.floor(random() * count);
  const pick = <T>(all: readonly T[]): T => all[below(all.length)] as T;
  const statuses = new Map<string, number>();
  let tries = 0;
  const call = async (method: string, path: string, body?: unknown) => {
    tries += 1;
    const answer = await fleet.call(method, path, { token, ...(body === undefined ? {} : { body }) });
    const key = `${method} ${answer.status}`;
    statuses.set(key, (statuses.get(key) ?? 0) + 1);
    return answer;
  };
  const isSameNumber = own.number === b.number;
  /** On one number, its customers are shared by design: A leaves B's alone there. */
  const victims = isSameNumber ? own.customers : [...own.customers, ...b.customers];
  const someone = () => pick(victims);

  /** The minutes of the next runs, as ids of 0.1 have them. */
  const runIdAt = (ms: number): string =>
    `${b.scheduleId}~${new Date(ms).toISOString().slice(0, 16).replace(/[-:]/g, '')}`;
  const runIds = (): string[] => [0, 1, 2].map((n) => runIdAt(Date.now() + HOUR_MS + n * MINUTE_MS));
  /** Ids that can be computed, from what is known of B. */
  const guesses = (): string[] => [
    ...b.campaignIds.flatMap((id) => b.customers.slice(0, 3).map((to) => derivedId(`campaign:${id}:${to}`))),
    ...b.messageIds.flatMap((id) => [derivedId(`template:${id}`), derivedId(`resend:1:${id}`)]),
  ];
  /** Without a namespace, an id is the stage's: A takes only what B has not chosen itself. */
  const isShared = own.namespace === undefined;
  const messageIds = () => (isShared ? guesses() : [...guesses(), ...b.messageIds]);
  const campaignIds = () => (isShared ? runIds() : [...runIds(), ...b.campaignIds, b.scheduleId]);

  const send = (messageId: string, from = own.number) =>
    call('POST', '/v1/flows', {
      ...fleet.flow({ to: from === b.number && !isSameNumber ? pick(b.customers) : someone(), from }),
      messageId,
      text: `Text ${below(2)}`,
      whenClosed: pick(['reject', 'park']),
    });
  /** Of a campaign of 0.1, whose ids can be computed. */
  const claimRecipients = async () => {
    for (const id of b.campaignIds)
      for (const to of b.customers.slice(0, OPEN)) await send(derivedId(`campaign:${id}:${to}`));
  };
  const createCampaign = (campaignId: string, from = own.number, fields: object = {}) => {
    const { messageId: _, to: __, ...message } = fleet.flow({ from });
    const recipients = { inline: [{ to: pick(own.customers), name: 'A' }] };
    return call('POST', '/v1/campaigns', { campaignId, name: 'Mine', message, recipients, ...fields });
  };
  const runCampaign = async (campaignId: string) => {
    await createCampaign(campaignId);
    await call('POST', `/v1/campaigns/${campaignId}/plan`);
    await call('POST', `/v1/campaigns/${campaignId}/start`);
  };

  const attacks: (() => Promise<unknown>)[] = [
    () => send(pick(messageIds())),
    async () => {
      for (let n = 0; n < FEW; n += 1) await send(pick(messageIds()));
    },
    async () => {
      for (const id of runIds()) await createCampaign(id);
    },
    claimRecipients,
    () => (isSameNumber ? send(randomUUID()) : send(pick(messageIds()), b.number)),
    () => (isSameNumber ? createCampaign(randomUUID()) : createCampaign(pick(campaignIds()), b.number)),
    () => runCampaign(pick(campaignIds())),
    () => createCampaign(pick(campaignIds()), own.number, { schedule: { expression: 'rate(1 hour)' } }),
    async () => {
      for (let n = 0; n < MANY; n += 1) await createCampaign(randomUUID());
    },
    async () => {
      for (let n = 0; n < FEW; n += 1) await send(randomUUID());
    },
    async () => {
      for (const id of [...b.messageIds, ...guesses()].slice(0, FEW)) await call('GET', `/v1/messages/${id}`);
    },
    async () => {
      // In a namespace these are A's own, if it has made them.
      const id = pick([...b.campaignIds, b.scheduleId, ...runIds()]);
      for (const verb of VERBS) await call('POST', `/v1/campaigns/${id}/${verb}`);
      await call('GET', `/v1/campaigns/${id}/recipients`);
    },
    async () => {
      const { json } = await call('GET', '/v1/campaigns');
      const forged = [
        `${String(Date.now()).padStart(15, '0')}#${b.campaignIds[0]}`,
        'b0',
        String(json['next']),
      ];
      for (const after of forged) await call('GET', `/v1/campaigns?after=${encodeURIComponent(after)}`);
      await call(
        'GET',
        `/v1/campaigns/${pick(b.campaignIds)}/recipients?after=${encodeURIComponent(pick(forged))}`,
      );
    },
    () => call(pick(['PUT', 'DELETE']), `/v1/opt-outs/${own.number}/${someone()}`),
    () => call('DELETE', `/v1/contacts/${own.number}/${someone()}`),
    () => call('GET', `/v1/sessions/${own.number}/${someone()}`),
    async () => {
      if (isSameNumber) return;
      const to = pick(b.customers);
      await call('PUT', `/v1/opt-outs/${b.number}/${to}`);
      await call('DELETE', `/v1/opt-outs/${b.number}/${to}`);
      await call('DELETE', `/v1/contacts/${b.number}/${to}`);
      await call('GET', `/v1/sessions/${b.number}/${to}`);
    },
  ];

  return {
    attack: async () => {
      // Once, before B has done much: later, its campaigns have sent.
      const isFirst = tries === 0 && isShared;
      await (isFirst ? claimRecipients : pick(attacks))();
    },
    takeRun: async (at) => {
      await createCampaign(runIdAt(Date.parse(at)));
    },
    tries: () => tries,
    statuses,
  };
};
