import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { templateStatusCodec } from '../callbacks/dynamo-template-statuses.ts';
import { campaignCodec } from '../campaigns/dynamo-campaigns.ts';
import { messageCodec } from '../messages/dynamo-messages.ts';
import type { MessageId } from '../messages/message.ts';
import type { Item } from '../platform/dynamo-table.ts';
import { sessionCodec } from '../sessions/dynamo-sessions.ts';
import type { Changed } from './events-of-change.ts';

/** The stream's format: DynamoDB's typed JSON. */
type Image = Record<string, unknown> | undefined;

const read = (image: NonNullable<Image>) => unmarshall(image as Record<string, AttributeValue>) as Item;

const MESSAGE = 'message#';

/** Was given back, erased or expired, which causes no event. */
const removed = (item: Item): Changed | undefined =>
  item.pk.startsWith(MESSAGE)
    ? { kind: 'message-removed', messageId: item.pk.slice(MESSAGE.length) as MessageId }
    : undefined;

/** Decodes one record of the table's stream; undefined if its item causes nothing. */
export function readChange(images: { readonly before: Image; readonly after: Image }): Changed | undefined {
  const before = images.before && read(images.before);
  const after = images.after && read(images.after);
  if (!after) return before && removed(before);
  switch (after.pk.split('#')[0]) {
    case 'message':
      return {
        kind: 'message',
        before: before && messageCodec.fromItem(before),
        after: messageCodec.fromItem(after),
      };
    case 'session':
      return {
        kind: 'session',
        before: before && sessionCodec.fromItem(before),
        after: sessionCodec.fromItem(after),
      };
    case 'campaign':
      return {
        kind: 'campaign',
        before: before && campaignCodec.fromItem(before),
        after: campaignCodec.fromItem(after),
      };
    case 'template-status':
      return {
        kind: 'template-status',
        before: before && templateStatusCodec.fromItem(before),
        after: templateStatusCodec.fromItem(after),
      };
    default:
      return undefined;
  }
}
