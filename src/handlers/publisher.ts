import { changeStream } from '../lib/events/change-stream.ts';
import { wireEvents } from '../lib/wiring/events.ts';

/** Publishes the table's change stream on the company's event bus. */
export const handler = changeStream(wireEvents('publisher'));
