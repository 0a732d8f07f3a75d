/** message: the history of one message. */
import { isMessageId } from '../src/lib/messages/message.ts';
import type { Place } from './place.ts';
import { misuse, OpsError, type Report } from './report.ts';
import { openStores } from './stores.ts';
import { storyData, storyLines } from './story.ts';

export const showMessage = async (
  place: Place,
  id: string,
  options: { showNumbers?: boolean },
): Promise<Report> => {
  if (!isMessageId(id)) throw misuse('a messageId is 1 to 128 of A-Z a-z 0-9 . _ : ~ -');
  const { messages, clock } = openStores(place);
  const stored = await messages.get(id);
  if (!stored) {
    throw new OpsError(
      'there is no such message: it was never claimed, its claim was given back, or its retention is over',
    );
  }
  const show = options.showNumbers ? 'numbers' : 'masked';
  const now = clock.now();
  return { lines: storyLines(stored.value, now, show), data: storyData(stored.value, now, show) };
};
