/** A user of the account with the rights of a policy, and no others. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { variablesOf } from '../account.ts';
import type { Emulator } from '../emulator.ts';

const run = promisify(execFile);

/** Actions for which the emulator checks another resource than AWS, or none. */
const OTHERWISE = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: [
        ...['dynamodb:ListTagsOfResource', 'dynamodb:RestoreTableToPointInTime', 'dynamodb:TagResource'],
        ...['events:DescribeEventBus', 'events:DisableRule', 'events:EnableRule', 'ssm:DeleteParameters'],
      ],
      Resource: '*',
    },
  ],
};

/** Creates the user. Resolves to their keys, as the SDK's variables. */
export const makeDeployer = async (emulator: Emulator, policy: string): Promise<Record<string, string>> => {
  const iam = async (...args: string[]): Promise<string> => {
    const env = { PATH: process.env['PATH'], ...variablesOf(emulator) };
    const { stdout } = await run(join(emulator.bin, 'aws'), ['iam', ...args], { env, timeout: 20_000 });
    return stdout;
  };
  const user = ['--user-name', 'deployer'];
  await iam('create-user', ...user);
  await iam('put-user-policy', ...user, '--policy-name', 'own', '--policy-document', policy);
  const otherwise = JSON.stringify(OTHERWISE);
  await iam('put-user-policy', ...user, '--policy-name', 'emulator', '--policy-document', otherwise);
  const { AccessKey: key } = JSON.parse(await iam('create-access-key', ...user)) as {
    AccessKey: { AccessKeyId: string; SecretAccessKey: string };
  };
  return { AWS_ACCESS_KEY_ID: key.AccessKeyId, AWS_SECRET_ACCESS_KEY: key.SecretAccessKey };
};
