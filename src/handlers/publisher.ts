import { changeStream } from '../lib/events/change-stream.ts';
import { wireEvents } from '../lib/wiring/events.ts';

/** The table's change stream becomes events on the company's bus. */
export const handler = changeStream(wireEvents('publisher'));
