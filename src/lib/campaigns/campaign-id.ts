declare const brand: unique symbol;

/** The caller's id of a campaign, with the characters of a messageId. */
export type CampaignId = string & { readonly [brand]: 'CampaignId' };

/** Characters. */
export const LONGEST_CAMPAIGN_ID = 100;

const CAMPAIGN_ID = /^[A-Za-z0-9._:~-]{1,100}$/;

export function isCampaignId(text: string): text is CampaignId {
  return CAMPAIGN_ID.test(text);
}
