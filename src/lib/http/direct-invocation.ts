import { AppError } from '../platform/errors.ts';
import {
  type ApiResponse,
  deadlineOf,
  type EntryPorts,
  jsonOf,
  type LambdaContext,
  type Run,
} from './api.ts';
import { problemOf } from './problem.ts';
import { isObject } from './schema.ts';

/** The clientId of a direct invocation. */
export const IAM_CLIENT = 'iam';

/** IAM decides who may invoke the function. An IAM caller sees every client's messages. */
const IAM_CALLER = { clientId: IAM_CLIENT, seesAll: true } as const;

/** The result of a direct invocation: no headers, and the body as an object. */
export interface DirectResponse {
  readonly statusCode: number;
  readonly body: unknown;
}

/**
 * Wraps the handler for `serverless invoke`, other Lambda functions and EventBridge events, which carry the
 * body as `detail`. EventBridge discards the result, so a transient fault is thrown there: Lambda then
 * invokes again, twice by default.
 */
export function direct(
  { telemetry, clock, random }: EntryPorts,
  handle: (body: unknown, run: Run) => Promise<ApiResponse>,
) {
  return async (event: unknown, context: LambdaContext | undefined): Promise<DirectResponse> => {
    const fromEventBridge = isEventBridgeEvent(event);
    const correlationId = fromEventBridge ? event.id : (context?.awsRequestId ?? random.uuid());
    const run = { correlationId, deadlineAt: deadlineOf(context, clock), ...IAM_CALLER };
    try {
      const { status, body } = await handle(fromEventBridge ? bodyIn(event.detail) : event, run);
      telemetry.info('direct.answered', { status, correlationId });
      return { statusCode: status, body: typeof body === 'string' ? JSON.parse(body) : body };
    } catch (fault) {
      const { problem } = problemOf(fault, correlationId);
      const fields = { status: problem.status, code: problem.code, correlationId };
      if (problem.status >= 500) telemetry.error('direct.failed', fault, fields);
      else telemetry.info('direct.refused', fields);
      if (fromEventBridge && isWorthRepeating(problem.code, problem.status)) throw new Error(problem.code);
      return { statusCode: problem.status, body: problem };
    }
  };
}

/** JSON text in JSON text: some tools encode a text that is JSON already. */
const DEEPEST_TEXT = 2;

/**
 * The body in an event's `detail`. A target's input transformer or a schedule may pass it as JSON text. What is no
 * object throws, so that the event ends in the failure queue and not in a log line.
 */
function bodyIn(detail: unknown): unknown {
  let body = detail;
  for (let depth = 0; depth < DEEPEST_TEXT && typeof body === 'string'; depth += 1) body = parsed(body);
  if (isObject(body)) return body;
  throw new AppError('internal', 'The detail of the event is no JSON object.');
}

function parsed(text: string): unknown {
  try {
    return jsonOf(Buffer.from(text));
  } catch (cause) {
    throw new AppError('internal', 'The detail of the event is text, and no JSON.', { cause });
  }
}

function isWorthRepeating(code: string, status: number): boolean {
  return status >= 500 || code === 'send-in-progress';
}

function isEventBridgeEvent(event: unknown): event is { id: string; detail: unknown } {
  return (
    typeof event === 'object' &&
    event !== null &&
    'detail-type' in event &&
    'source' in event &&
    'detail' in event
  );
}
