/**
 * After a rollback, older code meets items of newer code. docs/upgrading.md says what it does with unknown
 * attributes.
 */
import { describe, expect, it } from 'vitest';
import { templateStatusCodec } from '../../../src/lib/callbacks/dynamo-template-statuses.ts';
import { campaignCodec } from '../../../src/lib/campaigns/dynamo-campaigns.ts';
import { rateLimitCodec } from '../../../src/lib/campaigns/dynamo-rate-limits.ts';
import { clientCodec } from '../../../src/lib/clients/dynamo-clients.ts';
import { messageCodec } from '../../../src/lib/messages/dynamo-messages.ts';
import type { Codec } from '../../../src/lib/platform/dynamo-codec.ts';
import { templateLockCodec } from '../../../src/lib/sending/dynamo-template-locks.ts';
import { sessionCodec } from '../../../src/lib/sessions/dynamo-sessions.ts';
import { afterSending } from '../../../src/lib/whatsapp/session-window.ts';
import { sampleCampaign } from '../../support/fakes/campaign-samples.ts';
import {
  BUSINESS,
  idOf,
  later as inSecondsFromNow,
  NOW,
  sampleMessage,
  sampleSession,
} from '../../support/fakes/samples.ts';

const later = { flavour: 'of a later release' };

/** The item that is written after a value was read from an item of a later release and changed. */
function rewritten<Key, T>(codec: Codec<Key, T>, value: T, change = (read: T): T => ({ ...read })) {
  const item = { ...codec.toItem(value), ...later, pk: codec.pkOf(codec.keyOf(value)) };
  return codec.toItem(change(codec.fromItem(item)));
}

describe('an attribute that this release does not know', () => {
  it('is preserved when a message is written', () => {
    const status = 'unknown' as const;
    expect(rewritten(messageCodec, sampleMessage(), (m) => ({ ...m, status }))).toMatchObject({
      ...later,
      status,
    });
  });

  it('is preserved inside a lease, a template message, a reply and the timeline', () => {
    const item = {
      ...messageCodec.toItem(sampleMessage()),
      pk: messageCodec.pkOf(sampleMessage().messageId),
      lease: { owner: 'o', until: 1, phase: 'claimed', ...later },
      invitation: { messageId: 'i', state: 'spared', ...later },
      reply: { id: 'r', at: 1, response: '"x"', matchedBy: 'token', ...later },
      timeline: [{ at: 1, status: 'sending', source: 'api', ...later }],
    };
    const { lease, invitation, reply, timeline } = item;
    expect(messageCodec.toItem({ ...messageCodec.fromItem(item), epoch: 2 })).toMatchObject({
      lease,
      invitation,
      reply,
      timeline,
    });
  });

  it('is preserved when a campaign is written', () => {
    expect(rewritten(campaignCodec, sampleCampaign(), (c) => ({ ...c, version: 9 }))).toMatchObject({
      ...later,
      turn: 9,
    });
  });

  it('is preserved when a session is written', () => {
    const change = (session: ReturnType<typeof sampleSession>) => afterSending(session, inSecondsFromNow(6));
    expect(rewritten(sessionCodec, sampleSession(), change)).toMatchObject({
      ...later,
      paceUntil: inSecondsFromNow(6).getTime(),
    });
  });

  it('is preserved in a rate limit, a template lock, a client and the status of a template', () => {
    expect(rewritten(rateLimitCodec, { business: BUSINESS, perMinute: 10, slowedAt: NOW })).toMatchObject(
      later,
    );
    const lock = { key: 'k', holder: idOf('m'), at: NOW, until: inSecondsFromNow(60) };
    expect(rewritten(templateLockCodec, lock)).toMatchObject(later);
    const client = { clientId: 'c', scopes: ['send'], tokenHash: 'h', createdAt: NOW };
    expect(rewritten(clientCodec, client)).toMatchObject(later);
    const status = { id: 't', templateId: '1', templateName: 'n', status: 'APPROVED', at: NOW };
    expect(rewritten(templateStatusCodec, status)).toMatchObject(later);
  });
});
