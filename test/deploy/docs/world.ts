/** Where the pages are followed: the repository as a reader has it, a shell in it, and the rights of docs/deploy.md. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UpdateContinuousBackupsCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { createLipaChat } from '../../support/fleet/lipachat.ts';
import { blocksOf, shell } from '../../support/readme.ts';
import { spawnSimulator } from '../../support/simulator.ts';
import { createAccount, variablesOf } from '../account.ts';
import { ROOT, startEmulator } from '../emulator.ts';
import { openFrontDoor } from '../front-door.ts';
import { scratchFolder } from '../scratch.ts';
import { makeDeployer } from './deployer.ts';
import { API_KEY } from './reader.ts';

const PARTS = [
  ...['package.json', '.npmrc', 'serverless.yml', 'openapi.yaml', 'docs', 'examples'],
  ...['infra', 'src', 'local', 'ops', 'scripts'],
];

/** The repository, with LipaChat where the simulator is: a setting, as any stage may have its own. */
const checkOut = (folder: string, gatewayUrl: string): void => {
  for (const part of PARTS) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const file = join(folder, 'serverless.yml');
  const text = readFileSync(file, 'utf8');
  const set = text.replace(
    '      STAGE: $' + '{sls:stage}\n',
    (found) => `${found}      LIPACHAT_BASE_URL: ${gatewayUrl}\n`,
  );
  if (set === text) throw new Error('serverless.yml has no STAGE to put a setting beside');
  writeFileSync(file, set);
};

/** `aws`, which for some services asks for its endpoint on the command line only. */
const installAws = (folder: string, bin: string): string => {
  const path = join(folder, 'shell-bin');
  mkdirSync(path);
  const script = `#!/bin/sh\nexec ${join(bin, 'aws')} --endpoint-url "$AWS_ENDPOINT_URL" "$@"\n`;
  writeFileSync(join(path, 'aws'), script, { mode: 0o755 });
  return path;
};

export type World = Awaited<ReturnType<typeof startWorld>>;

/** Nothing is deployed yet. */
export const startWorld = async () => {
  const simulator = await spawnSimulator({ apiKey: API_KEY });
  const emulator = await startEmulator({
    strict: true,
    environment: (port) => ({ AWS_ENDPOINT_URL_S3: `https://127.0.0.1:${port}` }),
  });
  const frontDoor = await openFrontDoor(emulator);
  const account = createAccount(emulator);
  const lipachat = createLipaChat(simulator);
  const home = mkdtempSync(join(scratchFolder(), 'reader-'));
  const cwd = join(home, 'lipaflow');
  mkdirSync(cwd);
  checkOut(cwd, simulator.baseUrl);
  const [policy] = blocksOf(readFileSync(join(ROOT, 'docs/deploy.md'), 'utf8')).filter(
    ({ language }) => language === 'json',
  );
  const variables: Record<string, string> = {
    ...variablesOf(emulator),
    ...(await makeDeployer(emulator, policy?.lines.join('') ?? '')),
    PATH: [installAws(home, emulator.bin), process.env['PATH']].join(':'),
    HOME: home,
    AWS_PAGER: '',
    npm_config_update_notifier: 'false',
    SLS_AWS_MONITORING_FREQUENCY: '250',
  };

  return {
    account,
    emulator,
    lipachat,
    simulator,
    cwd,
    /** What the shell of the reader has in its environment; a page's assignments come to it. */
    variables,
    /** What it prints, as a terminal shows it. */
    run: (text: string, input = ''): Promise<string> =>
      shell(`printf %s "$PIPED" | { ${text} ; } 2>&1`, {
        cwd,
        env: { ...variables, PIPED: input },
        timeoutMs: 120_000,
      }),
    assign: async (name: string, text: string): Promise<void> => {
      variables[name] = await shell(`${text}\nprintf %s "$${name}"`, { cwd, env: variables });
    },
    /** The next release, as far as one can tell it from this one. */
    checkOutNext: (version: string): void => {
      const file = join(cwd, 'package.json');
      const found = readFileSync(file, 'utf8');
      writeFileSync(file, found.replace(/"version": "[^"]+"/, `"version": "${version}"`));
    },
    /** Where curl finds the API's host name, which resolves to nothing here, and where LipaChat finds the webhook. */
    learn: (apiId: string): void => {
      frontDoor.leadTo(apiId);
      const host = `${apiId}.execute-api.localhost:${emulator.port}`;
      const lines = [`connect-to = "::localhost:${emulator.port}"`, 'insecure', `header = "Host: ${host}"`];
      writeFileSync(join(home, '.curlrc'), `${lines.join('\n')}\n`);
    },
    pasteWebhook: (url: string): Promise<unknown> =>
      lipachat.configure({ webhookUrl: `${frontDoor.url}${new URL(url).pathname}` }),
    /** What the emulator's CloudFormation forgets of the table, and `doctor` would miss. */
    restoreForgotten: async (TableName: string): Promise<void> => {
      const TimeToLiveSpecification = { AttributeName: 'expires', Enabled: true };
      const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
      await account.dynamodb.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
      await account.dynamodb.send(
        new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }),
      );
    },
    close: async (): Promise<void> => {
      await Promise.all([frontDoor.close(), emulator.stop(), simulator.stop()]);
    },
  };
};
