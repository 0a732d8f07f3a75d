/** A record of the campaign queue outlives an upgrade: one release may write it and the next one read it. */
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it } from 'vitest';
import type { CampaignId } from '../../../src/lib/campaigns/campaign-id.ts';
import { isRecipientJob, parseRecipientJob } from '../../../src/lib/campaigns/queue-records.ts';
import { makeCampaignQueue } from '../../../src/lib/campaigns/sqs-campaigns.ts';
import { manualClock } from '../../support/fakes/clock.ts';
import { answer, type Loopback, loopback } from '../../support/fakes/loopback.ts';
import { later, NOW } from '../../support/fakes/samples.ts';

const job = {
  campaignId: 'campaign-1' as CampaignId,
  n: 2,
  row: 207,
  enqueuedAt: later(-30.001),
  scheduledAt: later(12.345),
  tries: 3,
};

/** As version 0.1 writes it. */
const record = {
  campaignId: 'campaign-1',
  n: 2,
  row: 207,
  wokenAt: '2026-01-02T03:03:34.999Z',
  slotAt: '2026-01-02T03:04:17.345Z',
  tries: 3,
};

let server: Loopback | undefined;
afterEach(() => server?.close());

describe("a recipient's job in the campaign queue", () => {
  it('is written as 0.1 writes it, and delayed until its second', async () => {
    const accepted = JSON.stringify({ Successful: [{ Id: '0', MessageId: 'sqs-1' }], Failed: [] });
    server = await loopback(answer(200, accepted, { 'content-type': 'application/x-amz-json-1.0' }));
    const endpoint = `http://127.0.0.1:${server.port}`;
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const client = new SQSClient({ endpoint, region: 'eu-west-1', credentials, md5: false });
    const queue = makeCampaignQueue({
      client,
      queueUrl: `${endpoint}/000000000000/c`,
      clock: manualClock(NOW),
    });
    await queue.enqueue([job], 'crm').finally(() => client.destroy());
    const request = server.received.join('').split('\r\n\r\n')[1] ?? '{}';
    const { Entries } = JSON.parse(request) as { Entries: { MessageBody: string; DelaySeconds: number }[] };
    expect(Entries).toHaveLength(1);
    expect(JSON.parse(Entries[0]?.MessageBody ?? '{}')).toEqual(record);
    expect(Entries[0]?.DelaySeconds).toBe(12);
  });

  it('is read as 0.1 wrote it', () => {
    expect(isRecipientJob(record)).toBe(true);
    expect(parseRecipientJob(record)).toEqual(job);
  });
});
