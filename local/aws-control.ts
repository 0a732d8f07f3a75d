/** The control API under /__aws, by which a test breaks and inspects the stand-in from another process. */
import * as z from 'zod';
import { type Faults, faultSchema } from './aws-faults.ts';

type ControlAnswer = { status: number; body: unknown };
export type Control = (method: string, url: URL, body: string) => Promise<ControlAnswer>;

type Dependencies = {
  faults: Faults;
  setParameter: (name: string, value: string) => void;
  dump: () => Promise<unknown[]>;
};

type Action = (url: URL, body: string) => ControlAnswer | Promise<ControlAnswer>;

const DONE: ControlAnswer = { status: 204, body: undefined };

const oneOrMany = z.preprocess((body) => (Array.isArray(body) ? body : [body]), z.array(faultSchema));
const parameter = z.strictObject({ name: z.string().min(1), value: z.string() });

const reasonOf = (error: unknown): string =>
  error instanceof z.ZodError ? z.prettifyError(error) : String(error);

/**
 * PUT /__aws/faults        one fault or an array of them, added to those there are: 204
 * DELETE /__aws/faults     no more faults: 204
 * GET /__aws/requests      calls per target since the last reset, `?match=` only those whose body contains it
 * POST /__aws/parameters   { name, value }: 204
 * GET /__aws/dump          all items of the table, an array of DynamoDB JSON
 * POST /__aws/reset        no more faults, counts at nothing; items and parameters stay: 204
 * A body of another form: 400 with the reason in `message`. Anything else: 404.
 */
export const createControl = ({ faults, setParameter, dump }: Dependencies): Control => {
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
    if (!action) return { status: 404, body: { message: `no ${method} ${url.pathname} here` } };
    try {
      return await action(url, body);
    } catch (error) {
      return { status: 400, body: { message: reasonOf(error) } };
    }
  };
};
