/** How each command of the pages is recognized, and the result it must have. */
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { runnerOf } from '../../support/commands.ts';
import { API_KEY } from './reader.ts';
import type { World } from './world.ts';

const MESSAGE_ID = '6f1c2a44-9d0e-4b7c-8a55-3b1f0c9d7e21';
const [BUSINESS, CUSTOMER] = ['254110090747', '254717746565'];

type Run = (world: World, text: string) => Promise<void>;

const prints =
  (...promises: (string | RegExp)[]): Run =>
  async ({ run }, text) => {
    const output = await run(text);
    for (const promise of promises) expect(output).toMatch(promise);
  };

const assigns: Run = async ({ assign, variables }, text) => {
  const [name = ''] = text.split('=');
  await assign(name, text);
  expect(variables[name]).toMatch(/\S/);
  expect(variables[name]).not.toBe('None');
};

/** Not run here: it would delete the test's own node_modules. */
const inCi: Run = async (_world, text) => expect(runnerOf({ page: '', text })).toBe('.ci/run');

const deploy: Run = async ({ run, learn, restoreForgotten }, text) => {
  const output = await run(text);
  const [, apiId = ''] = /https:\/\/(\w+)\.execute-api\./.exec(output) ?? [];
  expect(output).toContain('Service deployed to stack lipaflow-prod');
  learn(apiId);
  // The commands of the page have set all of an adopted table.
  if (text.includes('existingTableStream')) return;
  const physical = async (logicalId: string) => {
    const query = `--logical-resource-id ${logicalId} --query StackResourceDetail.PhysicalResourceId --output text`;
    return (
      await run(`aws cloudformation describe-stack-resource --stack-name lipaflow-prod ${query}`)
    ).trim();
  };
  await restoreForgotten(await physical('Table'), await physical('TableKey'));
};

const restore: Run = async (world, text) => {
  await prints('"TableName": "lipaflow-prod-restored"')(world, text);
  await world.restoreKey(world.variables['TABLE'] ?? '', 'lipaflow-prod-restored');
};

/** The new URL has the new secret too. */
const rotate: Run = async ({ run, pasteWebhook }, text) => {
  const [, url = ''] = /^ *(https:\S+\/v1\/webhooks\/lipachat\/[0-9a-f]{64})$/m.exec(await run(text)) ?? [];
  expect(url).not.toBe('');
  await pasteWebhook(url);
};

/** The reader types the apiKey, and pastes the URL into LipaChat's settings. */
const setUp: Run = async ({ run, pasteWebhook }, text) => {
  const output = await run(text, API_KEY);
  expect(output).toMatch(/^apiKey +stored, \/lipaflow\/prod\/lipachat\/api-key$/m);
  expect(output).not.toContain(API_KEY);
  const [, url] = /^ {2}(https:\S+\/v1\/webhooks\/lipachat\/[0-9a-f]{64})$/m.exec(output) ?? [];
  // On a second run it keeps the secret and shows none.
  if (url !== undefined) await pasteWebhook(url);
  else expect(output).toMatch(/^webhook secret +kept/m);
};

const addClient: Run = async ({ run, variables }, text) => {
  const [, token = ''] = /^ {2}([0-9a-f]{64})$/m.exec(await run(text)) ?? [];
  expect(token).not.toBe('');
  Object.assign(variables, { TOKEN: token });
};

/** Before the command, the reader sends a message from their phone. */
const seeWindow: Run = async (world, text) => {
  const written = await world.lipachat.writeIn(CUSTOMER, { to: BUSINESS, text: 'join lipaflow' });
  expect(written.webhook).toMatchObject([{ status: 200 }]);
  await prints('"open":true')(world, text);
};

const sendFirst: Run = async (world, text) => {
  await prints(/^HTTP\/\S+ 201/, '"status":"sent"')(world, text);
  await prints(/^HTTP\/\S+ 201/, /^idempotent-replayed: true/im)(world, text);
  expect(await world.lipachat.deliveries(MESSAGE_ID)).toHaveLength(1);
};

/** Before the command, a message has reached the dead-letter queue. */
const listGivenUp: Run = async (world, text) => {
  const name = '--query "Stacks[0].Outputs[?OutputKey==\'DeliveryDeadLetterQueueUrl\'].OutputValue"';
  const url = await world.run(
    `aws cloudformation describe-stacks --stack-name lipaflow-prod ${name} --output text`,
  );
  const given = { QueueUrl: url.trim(), MessageBody: JSON.stringify({ messageId: MESSAGE_ID }) };
  await world.account.sqs.send(new SendMessageCommand(given));
  await prints(/^DeliveryDeadLetterQueue +1 /m)(world, text);
};

/** It must not send again what was sent already. */
const invokeAgain: Run = async (world, text) => {
  await prints('"statusCode": 201', MESSAGE_ID)(world, text);
  expect(await world.lipachat.deliveries(MESSAGE_ID)).toHaveLength(1);
};

const compare: Run = async (world, text) => {
  const deployed = JSON.parse(await world.run(text)) as { Resources?: object };
  expect(deployed.Resources).toHaveProperty('Table');
};

export const STEPS: [command: RegExp, run: Run][] = [
  [/^[A-Z]+=\$\(aws /, assigns],
  [/^npm ci$/, inCi],
  [/^npm run build$/, prints('dist/sendFlow.cjs')],
  [/^npx serverless deploy --stage prod( --param \S+)*$/, deploy],
  [/^npx serverless package --stage prod$/, prints(/Service packaged/)],
  [/^npx serverless invoke -f sweeper /, prints(/"failed": 0/)],
  [/^npx serverless invoke /, invokeAgain],
  [/^npx serverless remove --stage prod$/, prints('successfully removed')],
  [/^npm run ops -- setup /, setUp],
  [/^npm run ops -- client create /, addClient],
  [/^npm run ops -- message /, prints(/^status +sent/m)],
  [/^npm run ops -- table count --write before.json --stage prod$/, prints(/^opt-outs +\d+$/m)],
  [/^npm run ops -- table count --table /, prints(/^the same counts$/m)],
  [/^npm run ops -- table copy /, prints(/^sends +0 +0 +[1-9]\d*$/m, /^opt-outs +0 +0 +[1-9]\d*$/m)],
  [/^npm run ops -- webhook rotate --stage prod$/, rotate],
  [/^npm run ops -- doctor /, prints(/, 0 warnings, 0 faults$/m)],
  [/^npm run ops -- dlq list /, listGivenUp],
  [/^npm run ops -- dlq redrive DeliveryDeadLetterQueue /, prints(/^1 message moved/m)],
  [/^npm run ops -- dlq redrive PlanDeadLetterQueue /, prints(/^0 messages moved/m)],
  [/^curl .*\/v1\/sessions\//, seeWindow],
  [/^curl .*\/v1\/flows" /, sendFirst],
  [/^curl .*\/v1\/messages\//, prints('"status":"sent"', '"timeline":[')],
  [/^aws lambda get-alias /, prints(/"FunctionVersion": "\d+"/)],
  [/^aws cloudformation describe-stacks .*StackStatus'$/, prints(/_COMPLETE"?$/m)],
  [/^aws lambda get-account-settings --query AccountLimit.ConcurrentExecutions$/, prints(/^\d+$/m)],
  [/^aws lambda get-account-settings --query AccountLimit$/, prints('"ConcurrentExecutions":')],
  [/^aws sns subscribe /, prints('"SubscriptionArn":')],
  [/^aws cloudwatch describe-alarms /, prints(/^[1-9]\d+$/m)],
  [/^aws logs filter-log-events /, prints('"events": [')],
  [/^aws sqs receive-message /, prints(MESSAGE_ID)],
  [/^aws sqs purge-queue /, prints(/^$/)],
  [/^aws events list-rules /, prints('SweeperSchedule', 'CampaignTickSchedule')],
  [/^aws ssm get-parameter /, prints(/^[\d"]/)],
  [/^aws cloudformation get-template /, compare],
  [/^aws dynamodb describe-continuous-backups /, prints('"PointInTimeRecoveryStatus": "ENABLED"')],
  [/^aws dynamodb restore-table-to-point-in-time /, restore],
  [/^aws dynamodb wait table-exists /, prints(/^$/)],
  [/^aws dynamodb update-table .*--no-deletion-protection-enabled$/, prints('"TableDescription":')],
  [/^aws dynamodb delete-table /, prints('"TableDescription":')],
  [/^aws dynamodb update-table .*--stream-specification /, prints('"LatestStreamArn":')],
  [
    /^aws dynamodb update-table .* --deletion-protection-enabled$/,
    prints('"DeletionProtectionEnabled": true'),
  ],
  [/^aws dynamodb update-continuous-backups /, prints('"PointInTimeRecoveryStatus": "ENABLED"')],
  [/^aws dynamodb update-time-to-live /, prints('"AttributeName": "expires"')],
  [/^aws dynamodb tag-resource /, prints(/^$/)],
  [/^for F in .* put-function-concurrency /, prints(/"ReservedConcurrentExecutions": 0/)],
  [/^for F in .* delete-function-concurrency /, prints('')],
  [/^for R in .* (dis|en)able-rule /, prints('')],
  [/^for U in .* --no-enabled /, prints(/"Disabl(ed|ing)"/)],
  [/^for U in .* --enabled /, prints(/"Enabl(ed|ing)"/)],
  [/^aws s3 rb /, prints('remove_bucket: lipaflow-prod-')],
  [/^aws kms schedule-key-deletion /, prints('"PendingDeletion"')],
  [/^aws ssm delete-parameters /, prints('"InvalidParameters": []')],
];

export const stepFor = (text: string): Run | undefined => STEPS.find(([command]) => command.test(text))?.[1];
