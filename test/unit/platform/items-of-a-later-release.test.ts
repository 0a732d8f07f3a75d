/**
 * After a rollback, older code meets items of newer code. docs/upgrading.md says what it does with unknown
 * attributes.
 */
import { describe, expect, it } from 'vitest';
import { campaignCodec } from '../../../src/lib/campaigns/dynamo-campaigns.ts';
import { messageCodec } from '../../../src/lib/messages/dynamo-messages.ts';
import { sampleCampaign } from '../../support/fakes/campaign-samples.ts';
import { sampleMessage } from '../../support/fakes/samples.ts';

const later = { flavour: 'of a later release' };

describe('an attribute that this release does not know', () => {
  it('is preserved when a message is written', () => {
    const message = sampleMessage();
    const item = { ...messageCodec.toItem(message), ...later, pk: messageCodec.pkOf(message.messageId) };
    expect(messageCodec.toItem(messageCodec.fromItem(item))).toMatchObject(later);
  });

  it('is preserved when a campaign is written', () => {
    const campaign = sampleCampaign();
    const item = { ...campaignCodec.toItem(campaign), ...later, pk: campaignCodec.pkOf(campaign.campaignId) };
    expect(campaignCodec.toItem(campaignCodec.fromItem(item))).toMatchObject(later);
  });
});
