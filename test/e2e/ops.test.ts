/** The operator's commands, each as a process, against the whole local system. */
import { randomUUID } from 'node:crypto';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type System, startSystem } from '../../local/system.ts';
import { type OpsResult, ops, opsHere } from '../support/ops.ts';
import { PATIENCE } from '../support/patience.ts';

const CUSTOMER = '254717746565';
const BUSINESS = '254110090747';
const BRAND = '254110090755';
const API_KEY = 'k3y-canary-of-the-simulator';
const FIRST_SECRET = 'first-webhook-secret-canary-0123456789';

let system: System;
let env: Record<string, string>;

beforeAll(async () => {
  system = await startSystem({
    PORT: '0',
    LIPAFLOW_LOCAL_API_KEY: API_KEY,
    LIPAFLOW_LOCAL_WEBHOOK_SECRET: FIRST_SECRET,
    NUMBERS_WITH_OWN_KEY: BRAND,
    // What a command changes counts at once.
    SECRET_CACHE_SECONDS: '0',
    LOG_LEVEL: 'ERROR',
    POWERTOOLS_METRICS_DISABLED: 'true',
  });
  env = {
    AWS_ENDPOINT_URL: system.awsUrl,
    AWS_ENDPOINT_URL_SQS: system.sqsUrl,
    AWS_ENDPOINT_URL_S3: system.sqsUrl,
    LIPACHAT_BASE_URL: `${system.simulatorUrl}/api/v1`,
    NUMBERS_WITH_OWN_KEY: BRAND,
    TZ: 'Africa/Nairobi',
  };
});
afterAll(() => system.close());

const local = (line: string, input?: string): Promise<OpsResult> =>
  ops([...line.split(' '), '--stage', 'local'], { env, ...(input === undefined ? {} : { input }) });

/** What another test has run as a process is run in this one. */
const again = (line: string, input = ''): Promise<OpsResult> =>
  opsHere([...line.split(' '), '--stage', 'local'], { env, input });

const parameter = async (Name: string) => {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SSMClient({ endpoint: system.awsUrl, region: 'eu-west-1', credentials });
  return (await client.send(new GetParameterCommand({ Name, WithDecryption: true }))).Parameter;
};

const call = (method: string, path: string, token: string, body?: object): Promise<Response> =>
  fetch(`${system.apiUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });

const flow = (messageId: string) => ({
  messageId,
  to: CUSTOMER,
  from: BUSINESS,
  text: 'Hello',
  flowId: 'flow-1',
  flowCta: 'Open',
  screen: 'FIRST',
});

const callback = async (url: string): Promise<number> =>
  (await fetch(url, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })).status;

describe('setup', () => {
  it('stores the apiKey that is piped in, keeps the secret that is there, and shows neither', async () => {
    const { exitCode, stdout, stderr } = await local(`setup --api-url ${system.apiUrl}/`, ` ${API_KEY}-2\n`);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^apiKey +stored, \/lipaflow\/local\/lipachat\/api-key$/m);
    expect(stdout).toMatch(/^webhook secret +kept/m);
    expect(stdout).toContain(`${system.apiUrl}/v1/webhooks/lipachat/<the stored secret>`);
    expect(stdout + stderr).not.toContain('canary');
    const stored = await parameter('/lipaflow/local/lipachat/api-key');
    expect(stored).toMatchObject({ Type: 'SecureString', Value: `${API_KEY}-2` });
    expect((await parameter('/lipaflow/local/webhook/secret'))?.Value).toBe(FIRST_SECRET);
  });

  it.each(['YOUR_API_KEY', 'two words'])('refuses %j, and changes nothing', async (entered) => {
    const { exitCode, stderr } = await again('setup', entered);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^this is not an apiKey: .* Nothing was changed$/m);
    expect(stderr).not.toContain(entered);
    expect((await parameter('/lipaflow/local/lipachat/api-key'))?.Value).toBe(`${API_KEY}-2`);
  });

  it('gives the functions the key with which they send', async () => {
    await fetch(`${system.simulatorUrl}/__sim/customers/${CUSTOMER}/messages`, {
      method: 'POST',
      body: JSON.stringify({ text: 'join lipaflow' }),
    });
    expect((await again('setup', API_KEY)).exitCode).toBe(0);
    // On a busy machine the first reading of the key may time out: 503, and the same flow may be sent again.
    await vi.waitFor(
      async () => {
        const sent = await call('POST', '/v1/flows', system.token, flow('with-the-right-key'));
        expect(sent.status).toBe(201);
      },
      { ...PATIENCE, interval: 200 },
    );
  });
});

describe('setup --number', () => {
  const OWN_KEY = 'own-k3y-canary-of-a-brand';
  const NAME = `/lipaflow/local/lipachat/numbers/${BRAND}/api-key`;
  const configure = (config: object) =>
    fetch(`${system.simulatorUrl}/__sim/config`, { method: 'PUT', body: JSON.stringify(config) });

  it('stores the key of one number, masks it, and leaves the stage’s key and the webhook alone', async () => {
    const before = await parameter('/lipaflow/local/lipachat/api-key');
    const { exitCode, stdout, stderr } = await local(`setup --number +${BRAND}`, `${OWN_KEY}\n`);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      'apiKey  stored, /lipaflow/local/lipachat/numbers/254******755/api-key\n' +
        '254******755 sends with it, within 30 s of a refusal of the old one.\n',
    );
    expect(stdout + stderr).not.toMatch(/canary|webhook/);
    expect(await parameter(NAME)).toMatchObject({ Type: 'SecureString', Value: OWN_KEY });
    expect(await parameter('/lipaflow/local/lipachat/api-key')).toEqual(before);
    expect((await again(`setup --number ${BRAND} --show-numbers --json`)).json()).toEqual({
      apiKey: 'kept',
      number: BRAND,
      inUse: true,
    });
  });

  it('gives the functions the key with which this number sends', async () => {
    await configure({ apiKeysByNumber: { [BRAND]: [OWN_KEY] } });
    await fetch(`${system.simulatorUrl}/__sim/customers/${CUSTOMER}/messages`, {
      method: 'POST',
      body: JSON.stringify({ text: 'hello', to: BRAND }),
    });
    await vi.waitFor(
      async () => {
        const own = { ...flow('from-the-other-brand'), from: BRAND };
        expect((await call('POST', '/v1/flows', system.token, own)).status).toBe(201);
      },
      { ...PATIENCE, interval: 200 },
    );
    await configure({ apiKeysByNumber: {} });
  });

  it('says what is to do where the stage does not use the key yet', async () => {
    const { exitCode, stdout } = await again('setup --number 254110090766', OWN_KEY);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(
      'Not in use yet: start the system with 254******766 in NUMBERS_WITH_OWN_KEY. ' +
        "Until then 254******766 sends with the stage's apiKey.",
    );
  });

  it.each([
    ['shop', OWN_KEY, /^--number must be a phone number/],
    ['../webhook', OWN_KEY, /^--number must be a phone number/],
    [BRAND, 'two words', /^this is not an apiKey: .* Nothing was changed$/m],
    [`${BRAND} --force`, OWN_KEY, /^--force is about the webhook secret/],
  ])('refuses %j with the key %j, and changes nothing', async (number, entered, says) => {
    const { exitCode, stderr } = await again(`setup --number ${number}`, entered);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(says);
    expect((await parameter(NAME))?.Value).toBe(OWN_KEY);
  });
});

describe('message and session', () => {
  it('tell the story of a message, in both times and with its numbers masked', async () => {
    const { exitCode, stdout } = await local('message with-the-right-key');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^status +sent: LipaChat has accepted it$/m);
    expect(stdout).toMatch(/^next +a status callback reports the delivery$/m);
    expect(stdout).toMatch(/^from, to +254\*{6}747, 254\*{6}565$/m);
    expect(stdout).toMatch(
      /^created +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(\d\d \w+, \d\d:\d\d:\d\d (EAT|GMT\+3)\)$/m,
    );
    expect(stdout).toMatch(/UTC \(.*\) +sent, by LipaChat's response$/m);
    expect(stdout).not.toContain(CUSTOMER);
  });

  it('show the numbers where they are asked to', async () => {
    const message = await again('message with-the-right-key --show-numbers --json');
    expect(message.json()).toMatchObject({ to: CUSTOMER, from: BUSINESS, status: 'sent', clientId: 'local' });
    const session = await again(`session +${BUSINESS} ${CUSTOMER} --json --show-numbers`);
    expect(session.json()).toMatchObject({
      to: CUSTOMER,
      from: BUSINESS,
      open: true,
      optedOut: false,
      parked: 0,
    });
  });

  it('tell whether a customer may be written to', async () => {
    const { exitCode, stdout } = await local(`session ${BUSINESS} ${CUSTOMER}`);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^window +open, until .* UTC .*, in 23 h$/m);
    expect(stdout).toMatch(/^next +flows may be sent now$/m);
    expect(stdout).not.toContain(CUSTOMER);
  });
});

describe('client', () => {
  it('creates one whose token, shown once, is let in by its scopes', async () => {
    const created = (await local('client create crm --scopes send,read --json')).json<{ token: string }>();
    const { token } = created;
    expect(created).toMatchObject({ clientId: 'crm', scopes: ['send', 'read'] });
    expect((await call('GET', '/v1/messages/not-there', token)).status).toBe(404);
    expect((await call('GET', '/v1/campaigns', token)).status).toBe(403);
    const { stdout } = await local('client list');
    expect(stdout).toMatch(/^crm +[0-9a-f]{8} +read,send +all +- +all +\S+ +\d{4}-\d\d-\d\d +live$/m);
    expect(stdout).not.toContain(token);
    const dump = await (await fetch(`${system.awsUrl}/__aws/dump`)).text();
    expect(dump).toContain('"crm"');
    expect(dump).not.toContain(token);
  });

  it('creates one in a namespace, which all its tokens keep', async () => {
    const created = (await again('client create bank --scopes send,read --namespace banks --json')).json();
    expect(created).toMatchObject({ clientId: 'bank', namespace: 'banks' });
    const same = (await again('client create bank --scopes read --another-token --json')).json();
    expect(same).toMatchObject({ namespace: 'banks' });
    const moved = await again('client create bank --scopes read --another-token --namespace tills');
    expect([moved.exitCode, moved.stderr]).toEqual([
      1,
      expect.stringMatching(/^bank is in the namespace banks/),
    ]);
    const { namespace } = (await again('client create branch --scopes read --namespace banks --json')).json<{
      namespace: string;
    }>();
    expect(namespace).toBe('banks');
    const keysIn = await (await fetch(`${system.awsUrl}/__aws/dump`)).text();
    expect(keysIn).toContain('namespace#banks');
    expect(keysIn).not.toContain('namespace#tills');
    expect((await again('message not-there --namespace tills')).stderr).toMatch(
      /^there is no namespace tills/,
    );
    expect((await again('message not-there --namespace banks')).stderr).toMatch(/^there is no such message/);
  });

  it('refuses a second of the same name, and revokes no one who is not there', async () => {
    const second = await again('client create crm --scopes admin');
    expect([second.exitCode, second.stdout]).toEqual([1, '']);
    expect(second.stderr).toMatch(/^crm already exists: --another-token/);
    const nobody = await again('client revoke nobody');
    expect([nobody.exitCode, nobody.stdout]).toEqual([1, '']);
    expect(nobody.stderr).toMatch(/^there is no live client nobody: see/);
  });

  it('revokes one token of a client, and the other goes on', async () => {
    type Created = { token: string; tokenId: string };
    const first = (await again('client create till --scopes read --json')).json<Created>();
    const other = (await again('client create till --scopes read --another-token --json')).json<Created>();
    const revoked = await again(`client revoke till --token ${first.tokenId} --json`);
    expect(revoked.json()).toEqual({ clientId: 'till', revoked: [first.tokenId], left: 1 });
    const read = (token: string) => call('GET', '/v1/messages/not-there', token);
    expect([(await read(first.token)).status, (await read(other.token)).status]).toEqual([403, 404]);
  });

  it('revokes all tokens of one, and the other clients stay', async () => {
    const { token } = (await again('client create crm --scopes read --another-token --json')).json<{
      token: string;
    }>();
    const revoked = await local('client revoke crm --json');
    expect(revoked.json()).toMatchObject({ clientId: 'crm', left: 0 });
    expect(revoked.json<{ revoked: string[] }>().revoked).toHaveLength(2);
    expect((await call('GET', '/v1/messages/not-there', token)).status).toBe(403);
    expect((await call('GET', '/v1/messages/not-there', system.token)).status).toBe(404);
  });
});

describe('webhook rotate', () => {
  it('lets two secrets count, and after --finish the new one only', async () => {
    const url = (secret: string): string => `${system.apiUrl}/v1/webhooks/lipachat/${secret}`;
    const rotated = await local(`webhook rotate --json --api-url ${system.apiUrl}`);
    const { webhookUrl } = rotated.json<{ webhookUrl: string }>();
    expect(webhookUrl).toMatch(/\/v1\/webhooks\/lipachat\/[0-9a-f]{64}$/);
    expect([await callback(webhookUrl), await callback(url(FIRST_SECRET))]).toEqual([200, 200]);

    const finished = await again('webhook rotate --finish');
    expect(finished.exitCode).toBe(0);
    expect(finished.stdout + finished.stderr).not.toMatch(/canary|[0-9a-f]{64}/);
    expect([await callback(webhookUrl), await callback(url(FIRST_SECRET))]).toEqual([200, 401]);
  });
});

describe('webhook rotate, out of turn,', () => {
  it('refuses a second rotation before the first is finished, and finishes none twice', async () => {
    const url = `--api-url ${system.apiUrl}`;
    expect((await again(`webhook rotate ${url}`)).exitCode).toBe(0);
    const before = (await parameter('/lipaflow/local/webhook/secret'))?.Value;
    const second = await again(`webhook rotate ${url}`);
    expect(second.exitCode).toBe(1);
    expect(second.stderr).toMatch(/^a rotation is in progress: .*--finish --stage local/);
    expect((await parameter('/lipaflow/local/webhook/secret'))?.Value).toBe(before);
    expect((await again('webhook rotate --finish --json')).json()).toEqual({ secrets: 1, dropped: 1 });
    expect((await again('webhook rotate --finish --json')).json()).toEqual({ secrets: 1, dropped: 0 });
  });
});

describe('doctor', () => {
  it('finds nothing wrong with a system that works', async () => {
    for (const name of ['bank', 'branch', 'till']) await again(`client revoke ${name}`);
    const { exitCode, stdout, stderr } = await local('doctor');
    expect(stdout).toMatch(/^\d+ ok, 0 warnings, 0 faults$/m);
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
  });
});

describe('any command', () => {
  it('says so when it finds nothing of that name', async () => {
    const { exitCode, stdout, stderr } = await again(`message ${randomUUID()}`);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^there is no such message/);
  });

  it('says so when nothing listens where the local system should be', async () => {
    const { exitCode, stderr } = await ops(['client', 'list', '--stage', 'local'], {
      env: { ...env, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' },
    });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^AWS does not respond .* is npm start running\?$/m);
  });
});
