import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { makeCallbackQueue } from '../callbacks/sqs-callbacks.ts';
import { makeApiKeys, ownKeyParameter } from '../lipachat/api-keys.ts';
import type { ApiKeys } from '../lipachat/ports.ts';
import { makeMessageAliasStore } from '../messages/dynamo-message-aliases.ts';
import { makeMessageStore } from '../messages/dynamo-messages.ts';
import { makeDeliveryQueue } from '../messages/sqs-deliveries.ts';
import { nodeTransport, type Transport } from '../platform/aws-transport.ts';
import { systemClock, systemRandom } from '../platform/clock.ts';
import { type Config, readConfig } from '../platform/config.ts';
import { makeDynamoClient } from '../platform/dynamo-client.ts';
import { makeTable, type Table } from '../platform/dynamo-table.ts';
import type { Clock, Random, Secret, Telemetry } from '../platform/ports.ts';
import { makeSecret, type SecretOptions } from '../platform/secrets.ts';
import { makeErasedOptOutStore } from '../sessions/dynamo-erased-opt-outs.ts';
import { makeErasureMarker } from '../sessions/dynamo-erasure-marker.ts';
import { makePersonAliasStore } from '../sessions/dynamo-person-aliases.ts';
import { makeSessionStore } from '../sessions/dynamo-sessions.ts';
import { type ErasureKey, makeErasureKey } from '../sessions/erasure-key.ts';
import { wireTelemetry } from './logs-and-metrics.ts';
import type { SendSettings } from './use-cases.ts';

/** What every function needs. */
export interface Entry {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly transport: Transport;
  /** Tries of one call to AWS, instead of the usual ones. */
  readonly maxAttempts?: number;
}

export function wireEntry(functionName: string, transport: Transport = nodeTransport(systemClock)): Entry {
  const config = readConfig();
  const clock = systemClock;
  const telemetry = wireTelemetry(functionName, config, clock);
  return { config, telemetry, transport, clock, random: systemRandom };
}

/** The table, over one client. A function makes only the stores that it uses: its role allows no other writes (ADR 036). */
export function tableOf(entry: Entry): Table {
  const { transport, maxAttempts = 4 } = entry;
  const client = makeDynamoClient({ requestHandler: transport, maxAttempts });
  return makeTable({ ...entry, client, tableName: entry.config.TABLE_NAME });
}

/** The stores of everything that changes messages. */
export function messageStoresOf(entry: Entry, table: Table) {
  const { config } = entry;
  const key = wireErasureKey(entry);
  const marker = makeErasureMarker(table, key);
  return {
    messages: makeMessageStore(table, { packs: config.PACK_MESSAGES }),
    sessions: makeSessionStore(table),
    personAliases: makePersonAliasStore(table),
    aliases: makeMessageAliasStore(table, systemClock),
    erasedOptOuts: makeErasedOptOutStore(table, {
      marker,
      random: systemRandom,
      beside01: !config.PACK_MESSAGES,
    }),
    marker,
    erasureKey: key,
  };
}

let sqs: SQSClient | undefined;

/** One client for all queues of a process. */
export function sqsClient({ transport }: Pick<Entry, 'transport'>): SQSClient {
  sqs ??= new SQSClient({ requestHandler: transport, maxAttempts: 3 });
  return sqs;
}

/** The delivery queue, for the functions that release or requeue messages. */
export function wireQueue(entry: Entry) {
  const { config, clock } = entry;
  return makeDeliveryQueue({ client: sqsClient(entry), queueUrl: config.DELIVERY_QUEUE_URL, clock });
}

export function wireCallbackQueue(entry: Entry) {
  return makeCallbackQueue({ client: sqsClient(entry), queueUrl: entry.config.CALLBACK_QUEUE_URL });
}

/** A reader of the parameter store. */
function secretsOf({ config, telemetry, clock, transport, maxAttempts = 2 }: Entry) {
  const client = new SSMClient({ requestHandler: transport, maxAttempts });
  const { SECRET_CACHE_SECONDS: cacheSeconds } = config;
  return (
    parameter: string,
    fault: SecretOptions['fault'],
    more?: Partial<Pick<SecretOptions, 'mayBeMissing' | 'cacheSeconds'>>,
  ) => makeSecret({ client, clock, telemetry }, { parameter, cacheSeconds, fault, ...more });
}

/** Readers of the parameter store, for functions that need a secret. */
export function wireSecrets(entry: Entry) {
  const { config } = entry;
  const { NUMBERS_WITH_OWN_KEY: numbersWithOwnKey } = config;
  const secret = secretsOf(entry);
  return {
    apiKeys: (): ApiKeys =>
      makeApiKeys({
        shared: secret(config.API_KEY_PARAMETER, unreadableApiKey),
        numbersWithOwnKey,
        ownKeyOf: (business) =>
          secret(
            ownKeyParameter(config.STAGE, business),
            unreadableApiKey,
            numbersWithOwnKey ? {} : { mayBeMissing: true },
          ),
      }),
    webhookSecret: (): Secret => secret(config.WEBHOOK_SECRET_PARAMETER, unreadableSecret),
    webhookHmac: (): Secret | undefined =>
      config.WEBHOOK_HMAC_PARAMETER === undefined
        ? undefined
        : secret(config.WEBHOOK_HMAC_PARAMETER, unreadableSecret),
  };
}

const unreadableApiKey = {
  code: 'gateway-credentials',
  detail: 'The apiKey could not be read. Nothing was sent.',
} as const;

const unreadableErasureKey = {
  code: 'store-unavailable',
  detail:
    'The erasure key could not be read. Nothing was erased or sent. If its parameter is missing, run `npm run ops -- setup`.',
} as const;

/** Most processes never need it, so its client is made with its first use. It never changes, and is read once. */
export function wireErasureKey(entry: Entry): ErasureKey {
  let secret: Secret | undefined;
  const get = () => {
    secret ??= secretsOf(entry)(entry.config.ERASURE_KEY_PARAMETER, unreadableErasureKey, {
      cacheSeconds: Number.POSITIVE_INFINITY,
    });
    return secret.get();
  };
  return makeErasureKey({ get }, entry.clock);
}

const unreadableSecret = {
  code: 'store-unavailable',
  detail: 'The webhook secret could not be read.',
} as const;

/** The settings of a send. */
export function sendSettings(config: Config): SendSettings {
  const { RETENTION_DAYS: retentionDays } = config;
  const ambiguity = {
    mode: config.AMBIGUOUS_OUTCOME,
    resendHorizonSeconds: config.RESEND_HORIZON_SECONDS,
  };
  return {
    terms: { leaseSeconds: config.LEASE_SECONDS, retentionDays, ambiguity },
    gatewayDeadlineMs: config.GATEWAY_DEADLINE_MS,
    gatewayAttempts: config.GATEWAY_ATTEMPTS,
    sessionMarginSeconds: config.SESSION_MARGIN_SECONDS,
    retentionDays,
    sendToUserIds: config.SEND_TO_USER_IDS === 'true',
    // Version 0.1 may come back only as long as its form is written.
    beside01: !config.PACK_MESSAGES,
  };
}
