/**
 * The engines of the store contracts: the fakes, the table on the embedded engine, and, if DYNAMODB_ENDPOINT names
 * one, the table on another DynamoDB.
 */
import { randomUUID } from 'node:crypto';
import {
  type AttributeValue,
  CreateTableCommand,
  DeleteTableCommand,
  type DynamoDBClient,
  PutItemCommand,
  ScanCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { startAws } from '../../local/aws/server.ts';
import { readTable } from '../../local/aws/table.ts';
import { makeCallbackStore } from '../../src/lib/callbacks/dynamo-callbacks.ts';
import { makeOldUnmatchedStore } from '../../src/lib/callbacks/dynamo-old-unmatched.ts';
import type { CallbackStore, OldUnmatchedStore } from '../../src/lib/callbacks/ports.ts';
import type { UnmatchedStatus } from '../../src/lib/callbacks/unmatched-status.ts';
import { makeCampaignStore } from '../../src/lib/campaigns/dynamo-campaigns.ts';
import { makeLedgerStore } from '../../src/lib/campaigns/dynamo-ledger.ts';
import { makeRateLimitStore } from '../../src/lib/campaigns/dynamo-rate-limits.ts';
import { makeFailureStreakStore } from '../../src/lib/campaigns/failures/dynamo-failure-streaks.ts';
import type {
  CampaignStore,
  FailureStreakStore,
  LedgerStore,
  RateLimitStore,
} from '../../src/lib/campaigns/ports.ts';
import { clientItem } from '../../src/lib/clients/dynamo-client-registry.ts';
import { makeClientStore } from '../../src/lib/clients/dynamo-clients.ts';
import type { ClientStore, ClientToken } from '../../src/lib/clients/ports.ts';
import { makeErasureStore } from '../../src/lib/contacts/dynamo-erasures.ts';
import type { ErasureStore } from '../../src/lib/contacts/ports.ts';
import type { TemplateStatus } from '../../src/lib/lipachat/callback.ts';
import { makeMessageAliasStore } from '../../src/lib/messages/dynamo-message-aliases.ts';
import { makeMessageStore } from '../../src/lib/messages/dynamo-messages.ts';
import type { MessageAliasStore, MessageStore } from '../../src/lib/messages/ports.ts';
import type { Transport } from '../../src/lib/platform/aws-transport.ts';
import { systemRandom } from '../../src/lib/platform/clock.ts';
import { encoded, makeDynamoClient } from '../../src/lib/platform/dynamo-client.ts';
import { makeTable } from '../../src/lib/platform/dynamo-table.ts';
import { makeTemplateLockStore } from '../../src/lib/sending/dynamo-template-locks.ts';
import type { TemplateLockStore } from '../../src/lib/sending/ports.ts';
import { makeErasedOptOutStore } from '../../src/lib/sessions/dynamo-erased-opt-outs.ts';
import { makeErasureMarker } from '../../src/lib/sessions/dynamo-erasure-marker.ts';
import { makePersonAliasStore } from '../../src/lib/sessions/dynamo-person-aliases.ts';
import { makeSessionStore } from '../../src/lib/sessions/dynamo-sessions.ts';
import { makeTombstoneStore } from '../../src/lib/sessions/dynamo-tombstones.ts';
import { makeErasureKey } from '../../src/lib/sessions/erasure-key.ts';
import type {
  ErasedOptOutStore,
  PersonAliasStore,
  SessionStore,
  TombstoneStore,
} from '../../src/lib/sessions/ports.ts';
import { fakeAliases } from '../support/fakes/aliases.ts';
import { fakeCallbacks } from '../support/fakes/callbacks.ts';
import { fakeCampaigns, fakeFailureStreaks, fakeLedger, fakeRateLimits } from '../support/fakes/campaigns.ts';
import { type ManualClock, manualClock } from '../support/fakes/clock.ts';
import { fakeErasures } from '../support/fakes/erasures.ts';
import { NOW } from '../support/fakes/samples.ts';
import { fakeSecret } from '../support/fakes/secret.ts';
import {
  fakeClients,
  fakeErasedOptOuts,
  fakeMessages,
  fakePersonAliases,
  fakeSessions,
  fakeTemplateLocks,
  fakeTombstones,
} from '../support/fakes/stores.ts';
import { fakeOldUnmatched } from '../support/fakes/unmatched.ts';

export interface Stores {
  readonly clock: ManualClock;
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly callbacks: CallbackStore;
  readonly oldUnmatched: OldUnmatchedStore;
  /** Stores an unmatched status as an earlier version did. */
  seedUnmatched(unmatched: UnmatchedStatus, dueAt: Date): Promise<void>;
  readonly aliases: MessageAliasStore;
  readonly personAliases: PersonAliasStore;
  readonly clients: ClientStore;
  readonly templateLocks: TemplateLockStore;
  readonly campaigns: CampaignStore;
  readonly ledger: LedgerStore;
  readonly rateLimits: RateLimitStore;
  readonly failureStreaks: FailureStreakStore;
  /** The store as one process after another opens it. */
  erasedOptOuts(): ErasedOptOutStore;
  readonly tombstones: TombstoneStore;
  readonly erasures: ErasureStore;
  /** Adds a client as an operator would: by the hash of its token. */
  addClient(hash: string, token: ClientToken): Promise<void>;
  /** The raw callbacks stored now. */
  rawCallbacks(): Promise<readonly string[]>;
  /** The template statuses stored now. */
  templates(): Promise<readonly TemplateStatus[]>;
  /** Everything that is stored, as text. */
  everything(): Promise<string>;
  close(): Promise<void>;
}

export interface Engine {
  readonly name: string;
  /** Opens empty stores with the clock at `NOW`. */
  open(): Promise<Stores>;
}

function openFakes(): Promise<Stores> {
  const clock = manualClock(NOW);
  const callbacks = fakeCallbacks(clock);
  const oldUnmatched = fakeOldUnmatched();
  const clients = fakeClients();
  const erasedOptOuts = fakeErasedOptOuts();
  const [messages, sessions, templateLocks] = [
    fakeMessages(clock),
    fakeSessions(clock),
    fakeTemplateLocks(clock),
  ];
  return Promise.resolve({
    clock,
    messages,
    sessions,
    callbacks,
    oldUnmatched,
    seedUnmatched: (...one) => Promise.resolve(oldUnmatched.seed(...one)),
    aliases: fakeAliases(),
    personAliases: fakePersonAliases(clock),
    clients,
    templateLocks,
    campaigns: fakeCampaigns(clock),
    ledger: fakeLedger(),
    rateLimits: fakeRateLimits(clock),
    failureStreaks: fakeFailureStreaks(clock),
    erasedOptOuts: () => erasedOptOuts,
    tombstones: fakeTombstones(),
    erasures: fakeErasures(clock),
    templates: () => Promise.resolve(callbacks.templates()),
    everything: () =>
      Promise.resolve(
        JSON.stringify([messages.all(), sessions.all(), callbacks.raw(), callbacks.templates()]),
      ),
    addClient: (hash, client) => Promise.resolve(clients.add(hash, client)),
    rawCallbacks: () => Promise.resolve(callbacks.raw()),
    close: () => Promise.resolve(),
  });
}

export const clientFor = (endpoint: string, transport: Transport = new NodeHttpHandler()): DynamoDBClient =>
  makeDynamoClient({
    requestHandler: transport,
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 4,
  });

/** The real adapters over an existing table. */
export function storesOn(
  client: DynamoDBClient,
  tableName: string,
  settings?: { readonly packs: boolean },
): Omit<Stores, 'close'> {
  const clock = manualClock(NOW);
  const table = makeTable({ client, tableName, clock, random: systemRandom });
  const key = makeErasureKey(fakeSecret('the key of the contracts'), clock);
  const marker = () => makeErasureMarker(table, key);
  const scan = async (): Promise<Record<string, AttributeValue>[]> =>
    (await client.send(new ScanCommand({ TableName: tableName, ConsistentRead: true }))).Items ?? [];
  return {
    clock,
    messages: makeMessageStore(table, settings),
    sessions: makeSessionStore(table),
    callbacks: makeCallbackStore(table, settings?.packs === false ? undefined : marker().keyOfLists),
    oldUnmatched: makeOldUnmatchedStore(table),
    aliases: makeMessageAliasStore(table, clock),
    personAliases: makePersonAliasStore(table),
    clients: makeClientStore(table),
    templateLocks: makeTemplateLockStore(table),
    campaigns: makeCampaignStore(table),
    ledger: makeLedgerStore(table),
    rateLimits: makeRateLimitStore(table),
    failureStreaks: makeFailureStreakStore(table),
    erasedOptOuts: () =>
      makeErasedOptOutStore(table, {
        marker: marker(),
        random: systemRandom,
        beside01: settings?.packs === false,
      }),
    tombstones: makeTombstoneStore(table, marker()),
    erasures: makeErasureStore(table),
    async templates() {
      const items = (await scan()).map((item) => unmarshall(item));
      return items
        .filter(({ pk }) => String(pk).startsWith('template-status#'))
        .map(({ pk, templateId, templateName, status, at }) => ({
          id: String(pk).slice('template-status#'.length),
          templateId: templateId as string | undefined,
          templateName: templateName as string | undefined,
          status: String(status),
          at: new Date(Number(at)),
        }));
    },
    everything: async () => JSON.stringify((await scan()).map((item) => unmarshall(item))),
    async seedUnmatched({ waKey, report: { status, at, code, detail } }, dueAt) {
      const row = {
        ...{ pk: `orphan#${waKey}#${status}`, rev: 'of 0.1', orphanOf: waKey, status, code, detail },
        ...{ at: at.getTime(), keptAt: at.getTime(), due: 'orphan', dueAt: dueAt.getTime() },
      };
      const Item = marshall(row, { removeUndefinedValues: true });
      await client.send(new PutItemCommand({ TableName: tableName, Item }));
    },
    async addClient(tokenHash, token) {
      const item = clientItem({ ...token, tokenHash, createdAt: NOW });
      await client.send(new PutItemCommand({ TableName: tableName, Item: encoded(item) }));
    },
    async rawCallbacks() {
      const items = (await scan()).map((item) => unmarshall(item));
      return items.filter(({ pk }) => String(pk).startsWith('raw#')).map(({ text }) => String(text));
    },
  };
}

async function openEmbedded(): Promise<Stores> {
  const tableName = 'contract';
  const aws = await startAws({ port: 0, tableName, parameters: {} });
  const client = clientFor(aws.url);
  const close = async () => {
    client.destroy();
    await aws.close();
  };
  return { ...storesOn(client, tableName), close };
}

async function openAt(endpoint: string): Promise<Stores> {
  const tableName = `contract-${randomUUID()}`;
  const client = clientFor(endpoint);
  await client.send(new CreateTableCommand(readTable(tableName)));
  await waitUntilTableExists({ client, maxWaitTime: 15, minDelay: 0.1 }, { TableName: tableName });
  const close = async () => {
    await client.send(new DeleteTableCommand({ TableName: tableName }));
    client.destroy();
  };
  return { ...storesOn(client, tableName), close };
}

const { DYNAMODB_ENDPOINT } = process.env;

export const engines: readonly Engine[] = [
  { name: 'the fake', open: openFakes },
  { name: 'the embedded engine', open: openEmbedded },
  ...(DYNAMODB_ENDPOINT
    ? [{ name: `the engine at ${DYNAMODB_ENDPOINT}`, open: () => openAt(DYNAMODB_ENDPOINT) }]
    : []),
];
