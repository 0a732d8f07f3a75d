/** message: the history of one message. */
import { isMessageId } from '../src/lib/messages/message.ts';
import { keyIn } from '../src/lib/messages/namespaced.ts';
import type { Place } from './place.ts';
import { misuse, OpsError, type Report } from './report.ts';
import { openStores } from './stores.ts';
import { storyData, storyLines } from './story.ts';

export const showMessage = async (
  place: Place,
  id: string,
  options: { showNumbers?: boolean; namespace?: string },
): Promise<Report> => {
  if (!isMessageId(id)) throw misuse('a messageId is 1 to 128 of A-Z a-z 0-9 . _ : ~ -');
  const { messages, clients, clock } = openStores(place);
  const { namespace: name } = options;
  const key = name === undefined ? undefined : await clients.namespaceKey(name);
  if (name !== undefined && key === undefined) throw new OpsError(`there is no namespace ${name}`);
  const stored = await messages.get(keyIn(key, id));
  if (!stored) {
    throw new OpsError(
      'there is no such message: it was never claimed, its claim was given back, or its retention is over',
    );
  }
  const show = options.showNumbers ? 'numbers' : 'masked';
  const now = clock.now();
  return { lines: storyLines(stored.value, now, show), data: storyData(stored.value, now, show) };
};
