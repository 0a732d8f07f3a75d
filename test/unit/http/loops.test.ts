/** The two loops over batches from AWS: SQS records, and records of the table's stream. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DynamoDBStreamEvent, SQSEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { type ChangeStreamDeps, changeStream } from '../../../src/lib/events/change-stream.ts';
import type { Changed } from '../../../src/lib/events/events-of-change.ts';
import type { Change } from '../../../src/lib/events/publish.ts';
import { batch, records as recordsOf } from '../../../src/lib/http/sqs-batch.ts';
import { AppError } from '../../../src/lib/platform/errors.ts';
import { parseDelivery } from '../../../src/lib/sending/contract.ts';
import { idOf, sampleMessage } from '../../support/fakes/samples.ts';
import { fakeTelemetry } from '../../support/fakes/telemetry.ts';
import { jsonEvent } from '../../support/json-event.ts';

const records = (...bodies: string[]) =>
  jsonEvent<SQSEvent>({ Records: bodies.map((body, n) => ({ messageId: `sqs-${n}`, body })) });
const failures = (...ids: string[]) => ({
  batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
});

describe('a batch of the queue', () => {
  it('reports the records that failed, and only those', async () => {
    const seen: unknown[] = [];
    const handle = (body: unknown) => {
      seen.push(body);
      return body === 1 ? Promise.reject(new Error('no')) : Promise.resolve();
    };
    expect(await batch(fakeTelemetry(), handle)(records('0', '1', '2', '1'))).toEqual(
      failures('sqs-1', 'sqs-3'),
    );
    expect(seen).toEqual([0, 1, 2, 1]);
  });

  it('reports a record that is not JSON or names no message, and continues', async () => {
    const telemetry = fakeTelemetry();
    const worked: string[] = [];
    const handle = (body: unknown) => Promise.resolve(void worked.push(parseDelivery(body)));
    const answer = await batch(
      telemetry,
      handle,
    )(records('{', '{"messageId":"m-1"}', '{}', '{"messageId":"a/b"}', 'null', '{"messageId":"m-2","x":1}'));
    expect(answer).toEqual(failures('sqs-0', 'sqs-2', 'sqs-3', 'sqs-4'));
    expect(worked).toEqual(['m-1', 'm-2']);
    expect(telemetry.events('error')).toHaveLength(4);
  });

  it('is over once, when each of its records has ended', async () => {
    const ended: unknown[] = [];
    const handle = async ({ body }: { body: string }) => {
      await nextTurn();
      ended.push(body);
      if (body === '1') throw new Error('no');
    };
    const onEnd = () => void ended.push('end');
    await recordsOf(fakeTelemetry(), { handle, onEnd })(records('0', '1', '2'));
    expect(ended).toEqual(['0', '1', '2', 'end']);
  });

  it('catches errors that are thrown synchronously, too', async () => {
    const handle = () => {
      throw new AppError('store-unavailable', 'down');
    };
    expect(await batch(fakeTelemetry(), handle)(records('1'))).toEqual(failures('sqs-0'));
  });

  it('does not let a slow record delay the others', async () => {
    const done: unknown[] = [];
    let free = () => {};
    const slow = new Promise<void>((resolve) => {
      free = resolve;
    });
    const handle = async (body: unknown) => {
      if (body === 0) await slow;
      done.push(body);
      if (body === 9) free();
    };
    await batch(fakeTelemetry(), handle)(records(...Array.from({ length: 10 }, (_, n) => String(n))));
    expect(done.at(-1)).toBe(0);
  });

  it('is empty when nothing arrived', async () => {
    expect(await batch(fakeTelemetry(), () => Promise.resolve())(records())).toEqual(failures());
  });
});

describe('a batch of the stream', () => {
  const changed = (id: string): Changed => ({
    kind: 'message',
    before: undefined,
    after: sampleMessage({ messageId: idOf(id) }),
  });
  const stream = (...pks: string[]) =>
    jsonEvent<DynamoDBStreamEvent>({
      Records: pks.map((pk, n) => ({
        dynamodb: { SequenceNumber: `seq-${n}`, NewImage: { pk: { S: pk } } },
      })),
    });
  const readChange: ChangeStreamDeps['readChange'] = ({ after }) =>
    after?.['pk']?.S?.startsWith('message#') ? changed(after['pk'].S.slice(8)) : undefined;
  const nothing = () => Promise.resolve(undefined);
  const deps = (
    publish: ChangeStreamDeps['publish'],
    watchLeases: ChangeStreamDeps['watchLeases'] = nothing,
  ): ChangeStreamDeps => ({ readChange, publish, watchLeases });

  it('is published with the positions of its records, without those that carry no event', async () => {
    let seen: readonly Change[] = [];
    const publish = (changes: readonly Change[]) => {
      seen = changes;
      return Promise.resolve(undefined);
    };
    expect(await changeStream(deps(publish))(stream('raw#1', 'message#a', 'inbound#2', 'message#b'))).toEqual(
      failures(),
    );
    expect(seen.map(({ index }) => index)).toEqual([1, 3]);
  });

  it('is retried from the record that failed', async () => {
    const handler = changeStream(deps(() => Promise.resolve(3)));
    expect(await handler(stream('raw#1', 'message#a', 'raw#2', 'message#b'))).toEqual(failures('seq-3'));
  });

  it('is retried from the first record whose event or watch failed', async () => {
    const batch = stream('message#a', 'message#b', 'message#c');
    for (const [published, watched, first] of [
      [1, 2, 'seq-1'],
      [2, 1, 'seq-1'],
      [undefined, 0, 'seq-0'],
      [2, undefined, 'seq-2'],
    ] as const) {
      const both = deps(
        () => Promise.resolve(published),
        () => Promise.resolve(watched),
      );
      expect(await changeStream(both)(batch)).toEqual(failures(first));
    }
  });

  it('has its watches enqueued although its events fail, and the reverse', async () => {
    const done: string[] = [];
    const slow = (name: string) => async () => {
      await new Promise((resolve) => setImmediate(resolve));
      done.push(name);
      return undefined;
    };
    const broken = () => Promise.reject(new Error('broken'));
    await expect(changeStream(deps(broken, slow('watches')))(stream('message#a'))).rejects.toThrow('broken');
    await expect(changeStream(deps(slow('events'), broken))(stream('message#a'))).rejects.toThrow('broken');
    expect(done).toEqual(['watches', 'events']);
  });

  it('is retried as a whole when publishing threw', async () => {
    const handler = changeStream(deps(() => Promise.reject(new Error('broken'))));
    await expect(handler(stream('message#a'))).rejects.toThrow('broken');
  });
});
