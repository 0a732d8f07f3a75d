/** A user of the emulator's account with the rights of policies, and no others. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { variablesOf } from './account.ts';
import type { Emulator } from './emulator.ts';

const run = promisify(execFile);

const commandsOf =
  (emulator: Emulator) =>
  async (...args: string[]) => {
    const env = { PATH: process.env['PATH'], ...variablesOf(emulator) };
    const { stdout } = await run(join(emulator.bin, 'aws'), ['iam', ...args], { env, timeout: 20_000 });
    return stdout;
  };

type Keys = { accessKeyId: string; secretAccessKey: string };

/** Creates the user with these policies, by their names. */
export const makeUser = async (
  emulator: Emulator,
  name: string,
  policies: Record<string, string>,
): Promise<Keys> => {
  const iam = commandsOf(emulator);
  const user = ['--user-name', name];
  await iam('create-user', ...user);
  for (const [policy, document] of Object.entries(policies))
    await iam('put-user-policy', ...user, '--policy-name', policy, '--policy-document', document);
  const { AccessKey: key } = JSON.parse(await iam('create-access-key', ...user)) as {
    AccessKey: { AccessKeyId: string; SecretAccessKey: string };
  };
  return { accessKeyId: key.AccessKeyId, secretAccessKey: key.SecretAccessKey };
};

/** A user with the policy that the deployed role of this logical id has: Lambda alone may assume the role itself. */
export const makeUserLike = async (emulator: Emulator, role: string): Promise<Keys> => {
  const iam = commandsOf(emulator);
  const { Roles } = JSON.parse(await iam('list-roles')) as { Roles: { RoleName: string }[] };
  const name = Roles.map(({ RoleName }) => RoleName).find((one) => one.includes(role)) ?? '';
  const policy = ['get-role-policy', '--role-name', name, '--policy-name', 'own'];
  const { PolicyDocument } = JSON.parse(await iam(...policy)) as { PolicyDocument: object };
  return makeUser(emulator, `like-${role}`, { own: JSON.stringify(PolicyDocument) });
};
