import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AwsProcess, spawnAws } from '../support/aws.ts';
import { stopChildren } from '../support/children.ts';

let aws: AwsProcess;
let client: EventBridgeClient;

beforeAll(async () => {
  aws = await spawnAws({ tableName: 'local-events-test' });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  client = new EventBridgeClient({ endpoint: aws.url, region: 'eu-west-1', credentials, maxAttempts: 1 });
});
beforeEach(async () => {
  await aws.reset();
  await aws.clearEvents();
});
afterAll(stopChildren);

const entry = (n: number, Detail = JSON.stringify({ n })) => ({
  Source: 'lipaflow',
  DetailType: 'message.sent',
  Detail,
  EventBusName: 'lipaflow-local',
});
const put = (numbers: number[]) =>
  client.send(new PutEventsCommand({ Entries: numbers.map((n) => entry(n)) }));
const codesOf = ({ Entries = [] }: Awaited<ReturnType<typeof put>>) =>
  Entries.map(({ ErrorCode, EventId }) => ErrorCode ?? (EventId ? 'taken' : 'neither'));
const kept = async () => (await aws.events()).map(({ detail }) => (detail as { n: number }).n);

describe('the event bus', () => {
  it('keeps what was put on it, in order', async () => {
    expect(await put([1, 2])).toMatchObject({ FailedEntryCount: 0 });
    await put([3]);
    expect(await kept()).toEqual([1, 2, 3]);
    expect((await aws.events())[0]).toMatchObject({
      bus: 'lipaflow-local',
      source: 'lipaflow',
      detailType: 'message.sent',
      receivedAt: expect.stringMatching(/Z$/),
    });
  });

  it('refuses an entry whose detail is no JSON object, and a call of more than ten', async () => {
    const answer = await client.send(new PutEventsCommand({ Entries: [entry(1, 'text'), entry(2)] }));
    expect(codesOf(answer)).toEqual(['MalformedDetail', 'taken']);
    await expect(put(Array.from({ length: 11 }, (_, n) => n))).rejects.toThrow('10');
    expect(await kept()).toEqual([2]);
  });

  it('fails each nth entry, over all calls, until it is told not to', async () => {
    await aws.addFaults({ target: 'PutEvents', fault: 'fail-entries', every: 2 });
    const answer = await put([1, 2, 3]);
    expect(answer.FailedEntryCount).toBe(1);
    expect(codesOf(answer)).toEqual(['taken', 'InternalFailure', 'taken']);
    await put([4, 5]);
    await aws.clearFaults();
    await put([6]);
    expect(await kept()).toEqual([1, 3, 5, 6]);
  });

  it('fails entries by chance, or all of one call', async () => {
    await aws.addFaults({ target: 'PutEvents', fault: 'fail-entries', probability: 0.5, seed: 3 });
    const codes: string[] = [];
    for (let call = 0; call < 4; call += 1) codes.push(...codesOf(await put([1, 2, 3, 4, 5])));
    const taken = codes.filter((code) => code === 'taken').length;
    expect(taken).toBeGreaterThan(3);
    expect(taken).toBeLessThan(17);
    await aws.clearFaults();
    await aws.addFaults({ target: 'PutEvents', fault: 'fail-entries' });
    expect((await put([1, 2])).FailedEntryCount).toBe(2);
    expect((await put([1, 2])).FailedEntryCount).toBe(0);
  });

  it('meets the other faults too, and knows fail-entries for PutEvents only', async () => {
    await aws.addFaults([
      { target: 'PutEvents', fault: 'throttle' },
      { target: 'PutEvents', fault: 'apply-then-reset', nth: 2 },
    ]);
    await expect(put([1])).rejects.toMatchObject({ name: 'ThrottlingException' });
    await expect(put([2])).rejects.toThrow();
    expect(await kept()).toEqual([2]);
    await expect(aws.addFaults({ target: '*', fault: 'fail-entries' })).rejects.toThrow(/400.*PutEvents/);
    await expect(aws.addFaults({ target: 'PutItem', fault: 'reset', every: 2 })).rejects.toThrow(/every/);
  });
});
