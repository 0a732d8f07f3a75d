/** The control API under /__aws: lets a test inject faults and inspect the stand-in from another process. */
import * as z from 'zod';
import type { EventBus } from './events.ts';
import { type Faults, faultSchema } from './faults.ts';
import type { ReadStream } from './stream.ts';

type ControlAnswer = { status: number; body: unknown };
export type Control = (method: string, url: URL, body: string) => Promise<ControlAnswer>;

type Dependencies = {
  faults: Faults;
  setParameter: (name: string, value: string) => void;
  dump: () => Promise<unknown[]>;
  readStream: ReadStream;
  bus: EventBus;
};

type Action = (url: URL, body: string) => ControlAnswer | Promise<ControlAnswer>;

const DONE: ControlAnswer = { status: 204, body: undefined };

const oneOrMany = z.preprocess((body) => (Array.isArray(body) ? body : [body]), z.array(faultSchema));
const parameter = z.strictObject({ name: z.string().min(1), value: z.string() });

const place = z.object({
  after: z.string().regex(/^\d+$/).optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
  wait: z.coerce.number().int().min(0).max(20_000).default(0),
});

const reasonOf = (error: unknown): string =>
  error instanceof z.ZodError ? z.prettifyError(error) : String(error);

/**
 * PUT /__aws/faults        adds one fault or an array of them: 204
 * DELETE /__aws/faults     removes all faults: 204
 * GET /__aws/requests      calls per target since the last reset; `?match=` counts only bodies that contain it
 * POST /__aws/parameters   { name, value }: 204
 * GET /__aws/dump          all items of the table, an array of DynamoDB JSON
 * GET /__aws/stream        records of the table's stream; `?after=` a SequenceNumber (default: from the oldest),
 *                          `&limit=` (1000), `&wait=` milliseconds for the first record (0)
 * GET /__aws/events        all events that PutEvents accepted, in order
 * DELETE /__aws/events     removes them: 204
 * POST /__aws/reset        removes faults and counts; items, parameters, stream and events stay: 204
 * An invalid body: 400 with the reason in `message`. Anything else: 404.
 */
export const createControl = (dependencies: Dependencies): Control => {
  const { faults, setParameter, dump, readStream, bus } = dependencies;
  const actions = new Map<string, Action>([
    [
      'PUT /__aws/faults',
      (_url, body) => {
        for (const fault of oneOrMany.parse(JSON.parse(body))) faults.add(fault);
        return DONE;
      },
    ],
    [
      'DELETE /__aws/faults',
      () => {
        faults.clear();
        return DONE;
      },
    ],
    [
      'GET /__aws/requests',
      (url) => ({ status: 200, body: faults.counts(url.searchParams.get('match') ?? '') }),
    ],
    [
      'POST /__aws/parameters',
      (_url, body) => {
        const { name, value } = parameter.parse(JSON.parse(body));
        setParameter(name, value);
        return DONE;
      },
    ],
    ['GET /__aws/dump', async () => ({ status: 200, body: await dump() })],
    [
      'GET /__aws/stream',
      async (url) => {
        const { after, limit, wait } = place.parse(Object.fromEntries(url.searchParams));
        return { status: 200, body: await readStream({ after, limit, waitMs: wait }) };
      },
    ],
    ['GET /__aws/events', () => ({ status: 200, body: bus.events() })],
    [
      'DELETE /__aws/events',
      () => {
        bus.forget();
        return DONE;
      },
    ],
    [
      'POST /__aws/reset',
      () => {
        faults.clear();
        faults.forget();
        return DONE;
      },
    ],
  ]);

  return async (method, url, body) => {
    const action = actions.get(`${method} ${url.pathname}`);
    if (!action) return { status: 404, body: { message: `unknown route: ${method} ${url.pathname}` } };
    try {
      return await action(url, body);
    } catch (error) {
      return { status: 400, body: { message: reasonOf(error) } };
    }
  };
};
