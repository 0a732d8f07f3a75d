/** The kinds of items that the stores write are those of docs/security.md, and the other way around. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Aws, startAws } from '../../local/aws/server.ts';
import { failureStreakKey } from '../../src/lib/campaigns/failures/streak.ts';
import { makeClientRegistry } from '../../src/lib/clients/dynamo-client-registry.ts';
import { newErasure } from '../../src/lib/contacts/erasure.ts';
import type { MessageId } from '../../src/lib/messages/message.ts';
import { templateLockKeyOf } from '../../src/lib/messages/template-message.ts';
import { systemRandom } from '../../src/lib/platform/clock.ts';
import { makeTable } from '../../src/lib/platform/dynamo-table.ts';
import type { UserId } from '../../src/lib/whatsapp/customer.ts';
import { sampleBatch, sampleCampaign } from '../support/fakes/campaign-samples.ts';
import { manualClock } from '../support/fakes/clock.ts';
import {
  BUSINESS,
  CUSTOMER,
  later,
  NOW,
  PAIR,
  sampleMessage,
  sampleSession,
} from '../support/fakes/samples.ts';
import { ROOT } from '../support/readme.ts';
import { clientFor, type Stores, storesOn } from './engines.ts';

let aws: Aws;
let stores: Omit<Stores, 'close'>;
let registry: ReturnType<typeof makeClientRegistry>;

beforeAll(async () => {
  aws = await startAws({ port: 0, tableName: 'held', parameters: {} });
  const client = clientFor(aws.url);
  stores = storesOn(client, 'held');
  registry = makeClientRegistry(
    makeTable({ client, tableName: 'held', clock: manualClock(NOW), random: systemRandom }),
  );
});
afterAll(() => aws.close());

const status = { id: 'template-1', templateId: 't', templateName: undefined, status: 'APPROVED', at: NOW };
const campaign = sampleCampaign();
const nothing = () => Promise.resolve();

/** What each store writes, by its file. A file that only reads, or helps another one, writes nothing. */
const WRITES: Record<string, () => Promise<unknown>> = {
  'callbacks/dynamo-callbacks': () => stores.callbacks.remember({ id: 'wamid.1', writtenAt: NOW }, NOW),
  'callbacks/dynamo-raw-callbacks': () => stores.callbacks.keepRaw(`{"from":"${CUSTOMER}"}`, NOW),
  'callbacks/raw/dynamo-raw-search': nothing,
  'callbacks/dynamo-template-statuses': () => stores.callbacks.keepTemplateStatus(status),
  // Of an earlier version: read and dropped.
  'callbacks/dynamo-old-unmatched': () =>
    stores.seedUnmatched(
      { waKey: 'k', report: { status: 'read', at: NOW }, keptAt: undefined, lookups: 0 } as never,
      NOW,
    ),
  'campaigns/dynamo-campaigns': () => stores.campaigns.create(campaign),
  'campaigns/dynamo-ledger': () => stores.ledger.open(sampleBatch()),
  'campaigns/dynamo-rate-limits': () =>
    stores.rateLimits.create({ business: BUSINESS, perMinute: 60, slowedAt: NOW }),
  'campaigns/failures/dynamo-failure-streaks': () =>
    stores.failureStreaks.create({
      key: failureStreakKey(campaign.campaignId, { kind: 'operator' }),
      times: [NOW],
      keepUntil: later(60),
    }),
  'clients/dynamo-clients': nothing,
  'clients/dynamo-client-registry': async () => {
    await registry.add({ clientId: 'crm', scopes: ['send'], tokenHash: 'a'.repeat(64), createdAt: NOW });
    await registry.openNamespace('crm', 'key');
  },
  'contacts/dynamo-erasures': () =>
    stores.erasures.create(
      newErasure('e', { sealed: 's', clientId: 'client-1', correlationId: 'c', now: NOW }),
    ),
  'events/dynamo-changes': nothing,
  'messages/dynamo-messages': () => stores.messages.create(sampleMessage()),
  'messages/dynamo-message-keys': nothing,
  'messages/dynamo-message-aliases': () => stores.aliases.keep('wire', { messageId: 'm' as MessageId }),
  'sending/dynamo-template-locks': () =>
    stores.templateLocks.create({
      key: templateLockKeyOf(sampleMessage()),
      holder: 'm' as MessageId,
      at: NOW,
      until: later(60),
    }),
  'sessions/dynamo-sessions': () => stores.sessions.create(sampleSession()),
  'sessions/dynamo-person-aliases': () =>
    stores.personAliases.create({
      key: { business: BUSINESS, userId: 'KE.1' as UserId },
      number: CUSTOMER,
      namedAt: NOW,
    }),
  'sessions/dynamo-erased-opt-outs': async () => {
    await stores.erasedOptOuts().remember(PAIR, NOW);
    await stores.erasedOptOuts().noteErasure(PAIR, NOW);
  },
  'sessions/dynamo-erasure-marker': nothing,
  'sessions/dynamo-tombstones': () => stores.tombstones.bury(PAIR, NOW),
};

const files = globSync('src/lib/**/dynamo-*.ts', { cwd: ROOT })
  .map((path) => path.slice('src/lib/'.length, -'.ts'.length))
  .filter((path) => !path.startsWith('platform/'));

describe('the table of data held in docs/security.md', () => {
  it('is checked against every store of the table', () => {
    expect(Object.keys(WRITES).toSorted()).toEqual(files.toSorted());
  });

  it('has each kind of item that a store writes, and no other', async () => {
    for (const write of Object.values(WRITES)) await write();
    const stored = JSON.parse(await stores.everything()) as { pk: string }[];
    const prefixes = [...new Set(stored.map(({ pk }) => `${pk.split('#')[0]}#`))];
    const page = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');
    const section = page.split('\n## What is held, where, and how long\n')[1]?.split('**Erasure**')[0] ?? '';
    const said = [...section.matchAll(/`([a-z-]+#)[^`]*`/g)].map(([, prefix = '']) => prefix);
    expect([...new Set(said)].toSorted()).toEqual(prefixes.toSorted());
  });
});
