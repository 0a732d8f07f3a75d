/** EventBridge's PutEvents: stores the events so that tests can read them. Every bus exists unless it was deleted. */
import { randomUUID } from 'node:crypto';
import { ACCOUNT_ID, REGION } from '../lambda.ts';
import type { AwsAnswer } from './wire.ts';

/** The fields of the inputs that we read. */
export type EventsInput = {
  /** The bus. */
  Name?: string;
  Entries?: {
    Source?: string;
    DetailType?: string;
    Detail?: string;
    EventBusName?: string;
    Time?: number;
    Resources?: string[];
  }[];
};

export type KeptEvent = {
  id: string;
  receivedAt: string;
  bus: string;
  source: string;
  detailType: string;
  /** Parsed from its JSON. */
  detail: unknown;
  /** The entry's own time, in epoch seconds. */
  time?: number | undefined;
  resources: string[];
};

type Entry = NonNullable<EventsInput['Entries']>[number];
type EntryAnswer = { EventId: string } | { ErrorCode: string; ErrorMessage: string };

export type EventBus = {
  /** Handles one operation. `failsEntry` is called once per entry. */
  answer: (operation: string, input: EventsInput, failsEntry?: () => boolean) => AwsAnswer;
  /** All accepted events, in order of arrival. */
  events: () => KeptEvent[];
  forget: () => void;
};

// `npm start` may run for days. No test sends this many.
const EVENTS_KEPT = 200_000;
const MAX_ENTRIES = 10;

const reply = (status: number, body: object): AwsAnswer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: JSON.stringify(body),
});

const refusal = (type: string, message: string): AwsAnswer => reply(400, { __type: type, message });

/** `undefined` unless it is a JSON object, as EventBridge requires of a detail. */
const detailOf = (text: string): object | undefined => {
  try {
    const detail: unknown = JSON.parse(text);
    return typeof detail === 'object' && detail && !Array.isArray(detail) ? detail : undefined;
  } catch {
    return undefined;
  }
};

const failed = (ErrorCode: string, ErrorMessage: string): EntryAnswer => ({ ErrorCode, ErrorMessage });

/** An empty bus. */
export const createEventBus = (): EventBus => {
  let kept: KeptEvent[] = [];
  // No call creates a bus here. Without rules to match, any name is valid.
  const deleted = new Set<string>();

  const keep = (event: KeptEvent): void => {
    kept.push(event);
    if (kept.length > 2 * EVENTS_KEPT) kept = kept.slice(-EVENTS_KEPT);
  };

  const take = (entry: Entry): EntryAnswer => {
    const { Source: source, DetailType: detailType, Detail: text, EventBusName: bus = 'default' } = entry;
    if (!source || !detailType || !text) {
      return failed('InvalidArgument', 'Source, DetailType and Detail are required.');
    }
    const detail = detailOf(text);
    if (!detail) return failed('MalformedDetail', 'Detail is malformed.');
    const id = randomUUID();
    const { Time: time, Resources: resources = [] } = entry;
    keep({ id, receivedAt: new Date().toISOString(), bus, source, detailType, detail, time, resources });
    return { EventId: id };
  };

  const put = ({ Entries: entries = [] }: EventsInput, failsEntry: () => boolean): AwsAnswer => {
    if (entries.length < 1 || entries.length > MAX_ENTRIES) {
      return refusal('ValidationException', 'Member must have 1 to 10 entries');
    }
    const answers = entries.map((entry) =>
      failsEntry() ? failed('InternalFailure', 'Injected by /__aws/faults') : take(entry),
    );
    const failures = answers.filter((answer) => 'ErrorCode' in answer);
    return reply(200, { FailedEntryCount: failures.length, Entries: answers });
  };

  const describe = ({ Name: name = 'default' }: EventsInput): AwsAnswer =>
    deleted.has(name)
      ? refusal('ResourceNotFoundException', `Event bus ${name} does not exist.`)
      : reply(200, { Name: name, Arn: `arn:aws:events:${REGION}:${ACCOUNT_ID}:event-bus/${name}` });

  const remove = ({ Name: name = '' }: EventsInput): AwsAnswer => {
    deleted.add(name);
    return reply(200, {});
  };

  const operations = new Map(Object.entries({ DescribeEventBus: describe, DeleteEventBus: remove }));

  return {
    answer: (operation, input, failsEntry = () => false) => {
      if (operation === 'PutEvents') return put(input, failsEntry);
      return operations.get(operation)?.(input) ?? refusal('UnknownOperationException', operation);
    },
    events: () => kept,
    forget: () => {
      kept = [];
    },
  };
};
