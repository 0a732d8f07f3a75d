/** callbacks replay: handles a callback that was kept raw again. */
import { SQSClient } from '@aws-sdk/client-sqs';
import { makeCallbackQueue } from '../../src/lib/callbacks/sqs-callbacks.ts';
import { clientConfig } from '../connection.ts';
import type { Place } from '../place.ts';
import { OpsError, plural, type Report } from '../report.ts';
import { openStores } from '../stores.ts';
import { findRaw, MOST, SHOWN, whyNot } from './raw.ts';

/** Puts callbacks into the queue again, with their first arrival. Their worker removes what is understood now. */
export const replayCallbacks = async (place: Place, typed: string): Promise<Report> => {
  const { callbacks } = openStores(place);
  const raws = await callbacks.listRaw(MOST);
  const chosen = typed === 'all' ? raws : [findRaw(raws, typed)];
  const [first] = chosen;
  const reason = typed !== 'all' && first && whyNot(first);
  if (reason) throw new OpsError(`this callback cannot be replayed: ${reason}`);
  const fit = chosen.filter((raw) => whyNot(raw) === undefined);
  const client = new SQSClient(clientConfig(place.connection, 'sqsUrl'));
  const queue = makeCallbackQueue({ client, queueUrl: place.queues.get('CallbackQueue') });
  for (const { id, text, receivedAt, keptAt } of fit)
    await queue.put({
      receivedAt: receivedAt ?? keptAt,
      correlationId: `replay-${id.slice(0, SHOWN)}`,
      bytes: Buffer.from(text),
      replayOf: id,
    });
  const left = chosen.length - fit.length;
  const said = `${plural(fit.length, 'callback')} put into the queue again. What is understood now leaves the list.`;
  return {
    lines: left > 0 ? [said, `${plural(left, 'callback')} cannot be replayed; the list says which.`] : [said],
    data: { replayed: fit.length, left },
  };
};
