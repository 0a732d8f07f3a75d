import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Child, lineAfter, spawnChild, stopChildren, whenReady } from '../support/children.ts';
import { type Answer, answerOfHttp, isReplay } from '../support/fleet/answer.ts';
import { createLipaChat, type LipaChat } from '../support/fleet/lipachat.ts';
import { until } from '../support/fleet/wait.ts';
import { callJson } from '../support/json-http.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SANDBOX_NUMBER = '+254110090747';
const CUSTOMER = '254717746565';

/** The seed's example request, as it is printed there. */
const SEED = `{
"messageId": "{{$randomUUID}}",
"to": "254717746565",
"from": "{{SANDBOX_NUMBER}}",
"text": "Thank you share your details and one of our agents will be in touch",
"flowId": "YOUR_FLOW_ID",
"flowCta": "Share Details!",
"screen": "First screen in your JSON request",
"data": {
"service": "",
"serviceOption": "",
"package": ""
}
}`;

type Printed = { api: string; simulator: string; token: string; curl: string };

const printedIn = (line: string): Printed => {
  const found = /^api=(\S+) simulator=(\S+) token=(\S+) webhook=\S+ (curl .*)$/.exec(line);
  const [, api = '', simulator = '', token = '', curl = ''] = found ?? [];
  return { api, simulator, token, curl };
};

const answersNoMore = async (url: string): Promise<boolean> => {
  const answered = await fetch(`${url}/v1/health`).catch(() => undefined);
  return answered === undefined;
};

afterAll(stopChildren);

describe('the local system', () => {
  let child: Child & { process: ChildProcess };
  let printed: Printed;
  let lipachat: LipaChat;
  let sent: Answer;
  const messageId = randomUUID();
  const body = SEED.replace('{{$randomUUID}}', messageId).replace('{{SANDBOX_NUMBER}}', SANDBOX_NUMBER);

  const sendSeed = async (): Promise<Answer> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${printed.token}` };
    return answerOfHttp(await fetch(`${printed.api}/v1/flows`, { method: 'POST', headers, body }));
  };

  beforeAll(async () => {
    child = spawnChild({ file: 'local/start.ts', env: { PORT: '0' } });
    printed = printedIn(await whenReady(child, lineAfter(child.process, 'ready ')));
    lipachat = createLipaChat({
      control: (method, path, json) => callJson(method, `${printed.simulator}/__sim/${path}`, json),
    });
  });

  it('refuses the seed’s request while the customer has not written in, and sends nothing', async () => {
    const refused = await sendSeed();
    expect(refused).toMatchObject({ status: 409, json: { code: 'session-closed' } });
    expect(refused.json.detail).toContain('whenClosed');
    expect(await lipachat.calls(messageId)).toEqual([]);
  });

  it('delivers the seed’s request once the join code has opened the window', async () => {
    await lipachat.writeIn(CUSTOMER, { to: SANDBOX_NUMBER, text: 'join lipaflow' });
    sent = await sendSeed();
    expect(sent).toMatchObject({
      status: 201,
      headers: { location: `/v1/messages/${messageId}` },
      json: {
        messageId,
        type: 'flow',
        status: 'sent',
        to: CUSTOMER,
        from: '254110090747',
        attempts: 1,
        session: { open: true },
        gateway: {
          status: 'success',
          message: '',
          errors: null,
          data: { messageId, status: 'SENT', statusDesc: 'Message sent successfully' },
        },
      },
    });
    const [delivery, ...more] = await lipachat.deliveries(messageId);
    expect(more).toEqual([]);
    expect(delivery).toMatchObject({ to: CUSTOMER, from: '254110090747', waId: sent.json.waId });
  });

  it('gives LipaChat the seed’s fields, numbers as digits, with the apiKey in its header', async () => {
    const [call] = await lipachat.calls(messageId);
    expect(call).toMatchObject({ path: '/whatsapp/interactive/flows', apiKeyRight: true });
    expect(call?.headers['content-type']).toBe('application/json');
    expect(call?.body).toEqual({ ...JSON.parse(body), from: '254110090747' });
  });

  it('answers the same request again with the same bytes, and delivers nothing more', async () => {
    const again = await sendSeed();
    expect(again).toMatchObject({ status: 201, text: sent.text });
    expect(isReplay(again)).toBe(true);
    expect(isReplay(sent)).toBe(false);
    expect(await lipachat.calls(messageId)).toHaveLength(1);
  });

  it('shows its API as a page', async () => {
    const page = await fetch(`${printed.api}/docs`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect((await fetch(`${printed.api}/docs/swagger-ui-bundle.js`)).status).toBe(200);
  });

  it('prints a curl that sends a flow as it stands', async () => {
    const { stdout } = await promisify(execFile)('sh', ['-c', printed.curl]);
    const answered: unknown = JSON.parse(stdout);
    expect(answered).toMatchObject({ status: 'sent', to: CUSTOMER });
  });

  it('ends with 0 on SIGINT, also while a client keeps its connection open', async () => {
    child.kill('SIGINT');
    await child.ended;
    expect(child.process.exitCode).toBe(0);
    expect(await answersNoMore(printed.api)).toBe(true);
  });
});

describe('npm start', () => {
  const started: ChildProcess[] = [];
  const endGroup = (npm: ChildProcess, signal: NodeJS.Signals): void => {
    if (npm.pid !== undefined) process.kill(-npm.pid, signal);
  };
  afterAll(() => {
    for (const npm of started.filter(({ exitCode, signalCode }) => exitCode === null && !signalCode)) {
      endGroup(npm, 'SIGKILL');
    }
  });

  const npmStart = async () => {
    const { PATH = '', HOME = '' } = process.env;
    const npm = spawn('npm', ['start'], {
      cwd: ROOT,
      env: { PATH, HOME, PORT: '0' },
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    started.push(npm);
    const failed = once(npm, 'exit').then(() => Promise.reject(new Error('npm start ended')));
    const line = await Promise.race([lineAfter(npm, 'ready '), failed]);
    failed.catch(() => undefined);
    return { npm, api: printedIn(line).api };
  };

  it.each([
    ['Ctrl-C, which reaches npm and all below it', endGroup],
    ['SIGINT to npm alone', (npm: ChildProcess, signal: NodeJS.Signals) => npm.kill(signal)],
  ])('ends all of itself with 0 on %s', async (_how, end) => {
    const { npm, api } = await npmStart();
    expect(await fetch(`${api}/v1/health`).then(({ status }) => status)).toBe(200);
    end(npm, 'SIGINT');
    await until('npm to end', async () => npm.exitCode !== null || npm.signalCode !== null);
    expect([npm.exitCode, npm.signalCode]).toEqual([0, null]);
    await until('the API to be gone', () => answersNoMore(api));
  });
});
