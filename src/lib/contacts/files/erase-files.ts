import type { Campaign } from '../../campaigns/campaign.ts';
import { type CampaignId, isCampaignId } from '../../campaigns/campaign-id.ts';
import { RecipientsFault } from '../../campaigns/plan/recipient.ts';
import type { CampaignStore, ObjectRef, ObjectStore } from '../../campaigns/ports.ts';
import type { Pair, PhoneNumber } from '../../whatsapp/phone.ts';
import type { EraseFile } from './erase-file.ts';

/*
 * Takes a person out of the files of recipients in LipaFlow's bucket: those of campaigns of the business number, and those
 * without a campaign, which has expired or was never made. A file that was put after the erasure, and a plan of one, may
 * name the person again.
 */

export interface EraseFilesDeps {
  readonly objects: ObjectStore;
  readonly campaigns: Pick<CampaignStore, 'get'>;
  readonly eraseFile: EraseFile;
}

interface Request {
  /** The person, by number, and the latest time of a file that goes. */
  readonly person: Pair & { readonly customer: PhoneNumber };
  readonly until: Date;
  readonly after: string | undefined;
  readonly isOver: () => boolean;
  /** Bytes of the largest file to search; undefined for all. */
  readonly largest?: number | undefined;
}

export type EraseFiles = ReturnType<typeof makeEraseFiles>;

export function makeEraseFiles({ objects, campaigns, eraseFile }: EraseFilesDeps) {
  /** When the recipients of a campaign were put; undefined if it is none of the person's. Absent campaigns are. */
  async function putAt(campaignId: CampaignId, { business }: Pair): Promise<Date | undefined> {
    const campaign = (await campaigns.get(campaignId))?.value;
    if (campaign && campaign.message.from !== business) return undefined;
    return (campaign && (await sourceAt(campaign))) ?? new Date(0);
  }

  function sourceAt({ plan, source }: Campaign): Promise<Date | undefined> | Date | undefined {
    if (plan?.sourceAt || !source) return plan?.sourceAt;
    return putTime(source);
  }

  /** Undefined if the file is gone, or another's. */
  async function putTime(ref: ObjectRef): Promise<Date | undefined> {
    try {
      return (await objects.head(ref)).modifiedAt;
    } catch (fault) {
      if (fault instanceof RecipientsFault) return undefined;
      throw fault;
    }
  }

  const modifiedAt = (key: string) => putTime({ bucket: objects.bucket, key });

  /** 0 if the file is gone. */
  async function sizeOf(key: string): Promise<number> {
    try {
      return (await objects.head({ bucket: objects.bucket, key })).bytes;
    } catch (fault) {
      if (fault instanceof RecipientsFault) return 0;
      throw fault;
    }
  }

  /**
   * Goes on behind `after`, until the end, until a file that is too large, or until `isOver`, which is asked after each
   * file. Returns how many files named the person, and where to go on.
   */
  return async function eraseFiles({ person, until, after, isOver, largest }: Request) {
    let files = 0;
    let last = after;
    let known: { readonly campaignId: string; readonly at: Date | undefined } | undefined;
    for (;;) {
      const keys = await objects.keys(last);
      for (const key of keys) {
        const campaignId = key.split('/')[1] ?? '';
        if (known?.campaignId !== campaignId)
          known = {
            campaignId,
            at: isCampaignId(campaignId) ? await putAt(campaignId, person) : new Date(0),
          };
        const at = known.at && !key.startsWith('plans/') ? await modifiedAt(key) : known.at;
        const isHeld = at !== undefined && at <= until;
        if (isHeld && largest !== undefined && (await sizeOf(key)) > largest)
          return { files, next: last ?? '' };
        if (isHeld && (await eraseFile(key, person.customer))) files += 1;
        last = key;
        if (isOver()) return { files, next: last };
      }
      if (keys.length === 0) return { files, next: undefined };
    }
  };
}
