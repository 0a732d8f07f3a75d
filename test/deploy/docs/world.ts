/**
 * Where the pages are followed: the repository as a reader has it, a shell in it, and the rights of docs/deploy.md.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DescribeTableCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { answerOfHttp } from '../../support/fleet/answer.ts';
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

/** Copies the repository, with the simulator as LipaChat: a setting that any stage may have. */
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

/** Installs `aws`. Some services accept their endpoint only on the command line. */
const installAws = (folder: string, bin: string): string => {
  const path = join(folder, 'shell-bin');
  mkdirSync(path);
  const script = `#!/bin/sh\nexec ${join(bin, 'aws')} --endpoint-url "$AWS_ENDPOINT_URL" "$@"\n`;
  writeFileSync(join(path, 'aws'), script, { mode: 0o755 });
  return path;
};

type ApiCall = { token: string; body?: unknown; headers?: Record<string, string> };

export type World = Awaited<ReturnType<typeof startWorld>>;

/** Starts the emulator and the simulator. Nothing is deployed yet. */
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
    /** Calls the API, wherever it is now. */
    api: async (method: string, path: string, { token, body, headers }: ApiCall) =>
      answerOfHttp(
        await fetch(`${frontDoor.url}${path}`, {
          method,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          signal: AbortSignal.timeout(40_000),
        }),
      ),
    /** The environment of the reader's shell, including the variables that a page assigns. */
    variables,
    /** Runs a command. Resolves to what a terminal would show. */
    run: (text: string, input = ''): Promise<string> =>
      shell(`printf %s "$PIPED" | { ${text} ; } 2>&1`, {
        cwd,
        env: { ...variables, PIPED: input },
        timeoutMs: 120_000,
      }).catch((fault: Error & { stdout?: string }) => {
        throw new Error(`${fault.message}\n${fault.stdout ?? ''}`);
      }),
    assign: async (name: string, text: string): Promise<void> => {
      variables[name] = await shell(`${text}\nprintf %s "$${name}"`, { cwd, env: variables });
    },
    /** Turns the checkout into the next release: only the version differs. */
    checkOutNext: (version: string): void => {
      const file = join(cwd, 'package.json');
      const found = readFileSync(file, 'utf8');
      writeFileSync(file, found.replace(/"version": "[^"]+"/, `"version": "${version}"`));
    },
    /**
     * Tells curl where the API is, because its host name does not resolve here, and LipaChat where the webhook is.
     */
    learn: (apiId: string): void => {
      frontDoor.leadTo(apiId);
      const host = `${apiId}.execute-api.localhost:${emulator.port}`;
      const lines = [`connect-to = "::localhost:${emulator.port}"`, 'insecure', `header = "Host: ${host}"`];
      writeFileSync(join(home, '.curlrc'), `${lines.join('\n')}\n`);
    },
    pasteWebhook: (url: string): Promise<unknown> =>
      lipachat.configure({ webhookUrl: `${frontDoor.url}${new URL(url).pathname}` }),
    /** Restores the settings of the table that the emulator drops and `doctor` checks. AWS keeps them. */
    restoreForgotten: async (TableName: string, KMSMasterKeyId: string): Promise<void> => {
      const SSESpecification = { Enabled: true, SSEType: 'KMS', KMSMasterKeyId } as const;
      await account.dynamodb.send(new UpdateTableCommand({ TableName, SSESpecification }));
      const TimeToLiveSpecification = { AttributeName: 'expires', Enabled: true };
      const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
      await account.dynamodb.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
      await account.dynamodb.send(
        new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }),
      );
    },
    /** A restore keeps the key of the table. */
    restoreKey: async (from: string, to: string): Promise<void> => {
      const { Table } = await account.dynamodb.send(new DescribeTableCommand({ TableName: from }));
      const KMSMasterKeyId = Table?.SSEDescription?.KMSMasterKeyArn;
      const SSESpecification = { Enabled: true, SSEType: 'KMS', KMSMasterKeyId } as const;
      await account.dynamodb.send(new UpdateTableCommand({ TableName: to, SSESpecification }));
    },
    close: async (): Promise<void> => {
      await Promise.all([frontDoor.close(), emulator.stop(), simulator.stop()]);
    },
  };
};
