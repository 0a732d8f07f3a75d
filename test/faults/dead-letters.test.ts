/**
 * A delivery in the dead-letter queue, from its first failure to its end: the operator's path through the runbook.
 */
import { randomUUID } from 'node:crypto';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { queueUrl } from '../../local/aws/queues.ts';
import { lineAfter, spawnChild, stopChildren, whenReady } from '../support/children.ts';
import { answerOfHttp, isReplay } from '../support/fleet/answer.ts';
import { createLipaChat } from '../support/fleet/lipachat.ts';
import { until } from '../support/fleet/wait.ts';
import { freePort } from '../support/free-port.ts';
import { callJson } from '../support/json-http.ts';
import { opsHere } from '../support/ops.ts';

const [BUSINESS, CUSTOMER] = ['254110090747', '254717746565'];
const DEAD = 'DeliveryDeadLetterQueue';
const flow = {
  messageId: randomUUID(),
  to: CUSTOMER,
  from: BUSINESS,
  text: 'Please share your details.',
  flowId: '1234',
  flowCta: 'Share details',
  screen: 'DETAILS',
};

const system = { apiUrl: '', simulatorUrl: '', awsUrl: '', sqsUrl: '', token: 'token-of-the-shop' };

/** A system of its own, for the sake of its log. */
beforeAll(async () => {
  const [aws, sqs] = [await freePort(), await freePort()];
  const ports = { PORT: '0', SIMULATOR_PORT: '0', AWS_PORT: `${aws}`, SQS_PORT: `${sqs}` };
  const env = { ...ports, SQS_VISIBILITY_SECONDS: '1', LIPAFLOW_LOCAL_TOKEN: system.token };
  const child = spawnChild({ file: 'local/start.ts', env });
  const ready = await whenReady(child, lineAfter(child.process, 'ready '));
  const [, apiUrl = '', simulatorUrl = ''] = /^api=(\S+) simulator=(\S+) /.exec(ready) ?? [];
  Object.assign(system, { apiUrl, simulatorUrl });
  Object.assign(system, { awsUrl: `http://127.0.0.1:${aws}`, sqsUrl: `http://127.0.0.1:${sqs}` });
});
afterAll(stopChildren);

const lipachat = () =>
  createLipaChat({
    control: (method, path, body) => callJson(method, `${system.simulatorUrl}/__sim/${path}`, body),
  });

const faults = (method: string, body?: object) => callJson(method, `${system.awsUrl}/__aws/faults`, body);

const call = async (method: string, path: string, body?: object) => {
  const headers = { authorization: `Bearer ${system.token}`, prefer: 'respond-async' };
  return answerOfHttp(
    await fetch(system.apiUrl + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) }),
  );
};

const ops = (...args: string[]) => {
  const { awsUrl, sqsUrl } = system;
  const env = { AWS_ENDPOINT_URL: awsUrl, AWS_ENDPOINT_URL_SQS: sqsUrl, AWS_ENDPOINT_URL_S3: sqsUrl };
  return opsHere([...args, '--stage', 'local'], { env });
};

/** The value of CloudWatch's ApproximateNumberOfMessagesVisible, which the queue's alarm watches. */
const givenUp = async (): Promise<number> => {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SQSClient({ endpoint: system.sqsUrl, region: 'eu-west-1', credentials });
  const asked = { QueueUrl: queueUrl(system.sqsUrl, DEAD) };
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ ...asked, AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  return Number(Attributes?.['ApproximateNumberOfMessages']);
};

it('a delivery that fails five times is listed, repaired, redriven, and sent once', async () => {
  await lipachat().writeIn(CUSTOMER, { to: BUSINESS, text: 'join lipaflow' });
  await faults('PUT', { target: 'GetItem', fault: 'unavailable', match: flow.messageId, times: null });
  expect(await call('POST', '/v1/flows', flow)).toMatchObject({ status: 202, json: { status: 'queued' } });
  await until('the delivery to be given up', async () => (await givenUp()) === 1);
  expect(await lipachat().calls(flow.messageId)).toEqual([]);
  const listed = await ops('dlq', 'list');
  expect(listed.stdout).toMatch(/^DeliveryDeadLetterQueue +1 +\d+ s ago +DeliveryQueue$/m);
  expect((await ops('doctor')).stdout).toMatch(/^fault +DeliveryDeadLetterQueue +1 dead letter/m);

  await faults('DELETE');
  expect((await ops('message', flow.messageId)).stdout).toMatch(/^status +queued/m);
  const moved = await ops('dlq', 'redrive', DEAD);
  expect(moved.stdout).toBe(`1 message moved from ${DEAD} to DeliveryQueue.\n`);
  const sent = await until(
    'the flow to be sent',
    async () => {
      const read = await call('GET', `/v1/messages/${flow.messageId}`);
      return read.json['status'] === 'sent' && read;
    },
    30_000,
  );
  expect(sent.json).toMatchObject({ attempts: 1 });

  expect(isReplay(await call('POST', '/v1/flows', flow))).toBe(true);
  expect(await lipachat().deliveries(flow.messageId)).toHaveLength(1);
  expect(await givenUp()).toBe(0);
});
