import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GetQueueAttributesCommand, ListQueuesCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { installEmulator } from '../emulator.ts';
import { API_KEY, type System, TOKENS, WEBHOOK_SECRET } from '../system.ts';
import { TEMPLATE, type Template, templateOf } from '../template.ts';

const run = promisify(execFile);

const RESTORED = 'arn:aws:dynamodb:eu-west-1:123456789012:table/restored/stream/2026-01-01T00:00:00.000';
const ADOPTING = `--param existingTableStream=${RESTORED} --param existingBucket=lipaflow-prod-kept`;

/** The number of resources of this type in the template. */
const count = ({ Resources }: Template, type: string): number =>
  Object.values(Resources).filter(({ Type }) => Type === type).length;

/** The params that make resources of their own, besides those of prod. */
const OTHERS = [
  '--param provisionedConcurrency=2 --param domainName=flows.example.com',
  '--param certificateArn=arn:aws:acm:eu-west-1:123456789012:certificate/6f1c2a44-9d0e-4b7c-8a55-3b1f0c9d7e21',
].join(' ');

export const deployment = (system: () => System): void => {
  describe('the deployment', () => {
    it.each(['prod', `prod ${OTHERS}`, `prod ${ADOPTING}`, 'proof --param tracing=true', 'proof'])(
      'is packaged for %s as a template in which cfn-lint finds nothing',
      async (stage) => {
        const { service } = system();
        const packaged = await service.serverless('package', '--stage', ...stage.split(' '));
        expect(packaged).toMatchObject({ code: 0 });
        const cfnLint = join(await installEmulator(), 'cfn-lint');
        const ignored = ['--ignore-checks', ...ACKNOWLEDGED.map(({ rule }) => rule)];
        const args = [...ignored, '--regions', 'eu-west-1', '--', service.path(TEMPLATE)];
        const linted = await run(cfnLint, args, { timeout: 50_000 }).catch(
          (error: { stdout: string; stderr: string }) => error,
        );
        expect(linted.stdout + linted.stderr).toBe('');
      },
    );

    it('has in its template what the emulator does not keep', () => {
      const { Resources } = templateOf(system());
      expect(Resources['Table']?.Properties).toMatchObject({
        TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
      });
      const sources = Object.values(Resources).filter(
        ({ Type }) => Type === 'AWS::Lambda::EventSourceMapping',
      );
      for (const { Properties } of sources) {
        expect(Properties).toMatchObject({ FunctionResponseTypes: ['ReportBatchItemFailures'] });
        expect(Properties).toHaveProperty(
          'StartingPosition' in Properties
            ? 'DestinationConfig.OnFailure'
            : 'ScalingConfig.MaximumConcurrency',
        );
      }
    });

    it('is created by one command, from an empty account', async () => {
      const { service, learn, outputs, account } = system();
      const deployed = await service.serverless('deploy', '--verbose');
      expect(deployed.output).toContain('Service deployed to stack lipaflow-proof');
      expect(deployed.code).toBe(0);
      await learn(deployed.output);
      expect(outputs).toMatchObject({
        HttpApiId: expect.any(String),
        TableName: expect.any(String),
        EventBusName: 'lipaflow-proof',
      });
      const template = templateOf(system());
      const { functions, queues, tables, buses, ...held } = await account.holdings();
      expect(functions).toHaveLength(count(template, 'AWS::Lambda::Function'));
      expect(queues).toHaveLength(count(template, 'AWS::SQS::Queue'));
      expect(held['roles']).toHaveLength(count(template, 'AWS::IAM::Role'));
      expect(held['buckets']).toHaveLength(count(template, 'AWS::S3::Bucket'));
      expect([tables, buses]).toEqual([[outputs['TableName']], ['lipaflow-proof']]);
      expect(held['event source mappings']).toHaveLength(count(template, 'AWS::Lambda::EventSourceMapping'));
    });

    it('has a dead-letter queue for each queue that needs one', async () => {
      const { account } = system();
      const { QueueUrls = [] } = await account.sqs.send(new ListQueuesCommand({}));
      const asked = QueueUrls.map((QueueUrl) =>
        account.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['RedrivePolicy'] })),
      );
      const policies = (await Promise.all(asked)).map(({ Attributes }) => Attributes?.['RedrivePolicy']);
      const wanted = Object.values(templateOf(system()).Resources).filter(
        ({ Type, Properties }) => Type === 'AWS::SQS::Queue' && 'RedrivePolicy' in Properties,
      );
      expect(wanted.length).toBeGreaterThan(0);
      expect(policies.filter((policy) => policy?.includes('DeadLetterQueue'))).toHaveLength(wanted.length);
    });

    it('reports its health before any secret is set', async () => {
      const { call } = system();
      expect(await call('GET', '/v1/health')).toMatchObject({ status: 200, json: { status: 'ok' } });
    });

    it("accepts the operator's secrets and clients", async () => {
      const { account, outputs } = system();
      await account.setSecret('/lipaflow/proof/lipachat/api-key', API_KEY);
      await account.setSecret('/lipaflow/proof/webhook/secret', WEBHOOK_SECRET);
      await account.setSecret('/lipaflow/proof/erasure/key', randomBytes(32).toString('base64url'));
      const all = ['send', 'read', 'campaigns', 'consent'];
      for (const client of [
        { clientId: 'app', token: TOKENS.app, scopes: all },
        { clientId: 'other', token: TOKENS.other, scopes: all },
        { clientId: 'reader', token: TOKENS.reader, scopes: ['read'] },
        { clientId: 'former', token: TOKENS.former, scopes: all, revokedAt: new Date() },
      ]) {
        await account.putClient(client, outputs['TableName'] ?? '');
      }
    });
  });
};

/** The findings of cfn-lint that we accept, each with its reason. */
const ACKNOWLEDGED = [
  {
    rule: 'W3005',
    reason: 'osls writes DependsOn beside a role that GetAtt names already: twice, and harmless',
  },
  {
    rule: 'W8003',
    reason: 'HasOwnKey is a param of the stage: once packaged, it is always true or always false',
  },
  {
    rule: 'W1001',
    reason: 'the table names its key in the stages for which HasOwnKey is true, by the same params',
  },
];
