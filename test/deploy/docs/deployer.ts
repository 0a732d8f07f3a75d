/** A user of the account with the rights of a policy, and no others. */
import type { Emulator } from '../emulator.ts';
import { makeUser } from '../user.ts';

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
  const policies = { own: policy, emulator: JSON.stringify(OTHERWISE) };
  const { accessKeyId, secretAccessKey } = await makeUser(emulator, 'deployer', policies);
  return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
};
