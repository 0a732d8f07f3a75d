import { describe, expect, it } from 'vitest';
import { functionEnvironment } from '../../local/environment.ts';
import { readSettings } from '../../local/settings.ts';
import { readStack } from '../../local/stack.ts';

const secret = 'a-secret-of-at-least-32-characters';

describe('the settings of the local system', () => {
  it('are the documented ports and secrets of its own making', () => {
    const first = readSettings({});
    expect(first.ports).toEqual({ api: 3000, simulator: 4010, aws: 4011, sqs: 4012 });
    expect(first.webhookSecret.length).toBeGreaterThanOrEqual(32);
    expect(first.webhookHmacSecret).toBeUndefined();
    expect(readSettings({}).token).not.toBe(first.token);
  });

  it('take any free port for all of them with PORT=0, but for those that are given', () => {
    expect(readSettings({ PORT: '0' }).ports).toEqual({ api: 0, simulator: 0, aws: 0, sqs: 0 });
    expect(readSettings({ PORT: '0', AWS_PORT: '4444', SIMULATOR_PORT: '' }).ports.aws).toBe(4444);
  });

  it('take the secrets that the caller fixes', () => {
    const settings = readSettings({
      LIPAFLOW_LOCAL_TOKEN: 'token',
      LIPAFLOW_LOCAL_API_KEY: 'key',
      LIPAFLOW_LOCAL_WEBHOOK_SECRET: `${secret},${secret}-new`,
      LIPAFLOW_LOCAL_WEBHOOK_HMAC: secret,
      WEBHOOK_HMAC_PARAMETER: '/hmac',
    });
    expect(settings).toMatchObject({ token: 'token', apiKey: 'key', webhookHmacSecret: secret });
    expect(settings.webhookSecret).toBe(`${secret},${secret}-new`);
  });

  it.each([
    ['PORT', 'http'],
    ['AWS_PORT', '70000'],
    ['LIPAFLOW_LOCAL_WEBHOOK_SECRET', 'short'],
    ['LIPAFLOW_LOCAL_WEBHOOK_SECRET', `${secret},short`],
  ])('refuse %s=%s by its name', (name, value) => {
    expect(() => readSettings({ [name]: value })).toThrow(name);
  });
});

describe('the environment of the functions', () => {
  const addresses = {
    awsUrl: 'http://127.0.0.1:1',
    sqsUrl: 'http://127.0.0.1:3',
    lipachatBaseUrl: 'http://127.0.0.1:2/api/v1',
  };
  const environmentFor = (caller: Record<string, string>) =>
    functionEnvironment({ stack: readStack().environment, caller, ...addresses });

  it('is stage local of serverless.yml with the addresses as they are', () => {
    expect(environmentFor({})).toMatchObject({
      TABLE_NAME: 'lipaflow-local',
      AWS_ENDPOINT_URL: addresses.awsUrl,
      AWS_ENDPOINT_URL_S3: addresses.sqsUrl,
      DELIVERY_QUEUE_URL: `${addresses.sqsUrl}/000000000000/DeliveryQueue`,
      CAMPAIGN_QUEUE_URL: `${addresses.sqsUrl}/000000000000/CampaignQueue`,
      PLAN_QUEUE_URL: `${addresses.sqsUrl}/000000000000/PlanQueue`,
      RECIPIENTS_BUCKET: 'lipaflow-local-recipients',
      EVENT_BUS_NAME: 'lipaflow-local',
      LIPACHAT_BASE_URL: addresses.lipachatBaseUrl,
    });
  });

  it('lets the caller name another gateway or table, but never another AWS', () => {
    const caller = {
      LIPACHAT_BASE_URL: 'https://gateway.example/api/v1',
      TABLE_NAME: 'mine',
      RECIPIENTS_BUCKET: 'mine-too',
      AWS_ENDPOINT_URL: 'https://dynamodb.eu-west-1.amazonaws.com',
      AWS_ENDPOINT_URL_S3: 'https://s3.eu-west-1.amazonaws.com',
      AWS_ACCESS_KEY_ID: 'a real one',
      DELIVERY_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/123456789012/real',
      CAMPAIGN_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/123456789012/real',
      PLAN_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/123456789012/real',
    };
    expect(environmentFor(caller)).toMatchObject({
      LIPACHAT_BASE_URL: caller.LIPACHAT_BASE_URL,
      TABLE_NAME: 'mine',
      RECIPIENTS_BUCKET: 'mine-too',
      AWS_ENDPOINT_URL: addresses.awsUrl,
      AWS_ENDPOINT_URL_S3: addresses.sqsUrl,
      AWS_ACCESS_KEY_ID: 'local',
      DELIVERY_QUEUE_URL: `${addresses.sqsUrl}/000000000000/DeliveryQueue`,
      CAMPAIGN_QUEUE_URL: `${addresses.sqsUrl}/000000000000/CampaignQueue`,
      PLAN_QUEUE_URL: `${addresses.sqsUrl}/000000000000/PlanQueue`,
    });
  });
});
