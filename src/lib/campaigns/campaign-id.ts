declare const brand: unique symbol;

/** The caller's id of a campaign: spelled as a messageId is. */
export type CampaignId = string & { readonly [brand]: 'CampaignId' };

const CAMPAIGN_ID = /^[A-Za-z0-9._:~-]{1,100}$/;

export function isCampaignId(text: string): text is CampaignId {
  return CAMPAIGN_ID.test(text);
}
