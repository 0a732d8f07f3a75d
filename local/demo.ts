/** `npm run demo`: one flow's way, step by step, on the local system. Exit code 0 only if every step held. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { build } from '../scripts/build.ts';
import { type System, startSystem } from './system.ts';

type Answer = { status: number; headers: Headers; text: string; json: Record<string, unknown> };

const CUSTOMER = '254717746565';
const BUSINESS = '254110090747';

let steps = 0;

const title = (text: string): void => {
  steps += 1;
  console.log(`\n${steps}. ${text}`);
};

const call = async (
  method: string,
  url: string,
  options: { token?: string; body?: object } = {},
): Promise<Answer> => {
  const response = await fetch(url, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
    },
    ...(options.body ? { body: JSON.stringify(options.body) } : {}),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: JSON.parse(text) };
};

const show = ({ status, headers, json }: Answer): void => {
  const replayed = headers.get('idempotent-replayed');
  console.log(`   ← ${status}${replayed ? `  Idempotent-Replayed: ${replayed}` : ''}`);
  console.log(JSON.stringify(json, null, 2).replace(/^/gm, '     '));
};

const holds = (claim: string, isSo: boolean): void => {
  console.log(`   ${isSo ? '✓' : '✗'} ${claim}`);
  if (!isSo) throw new Error(`this step failed: ${claim}`);
};

const tellStory = async ({ apiUrl, simulatorUrl, token }: System): Promise<void> => {
  const example: object = JSON.parse(
    await readFile(new URL('../examples/send-flow.json', import.meta.url), 'utf8'),
  );
  const flow = { ...example, messageId: randomUUID() };
  const send = () => call('POST', `${apiUrl}/v1/flows`, { token, body: flow });
  const deliveries = async () => {
    const { json } = await call('GET', `${simulatorUrl}/__sim/deliveries?messageId=${flow.messageId}`);
    return Array.isArray(json) ? json.length : 0;
  };

  title(
    'A cloud app sends a flow, but the customer has not written in the last 24 hours: WhatsApp forbids it.',
  );
  console.log('   → POST /v1/flows');
  const refused = await send();
  show(refused);
  holds(
    'the window is shut, so nothing was sent and the messageId is free',
    refused.status === 409 && (await deliveries()) === 0,
  );

  title(
    "The customer writes in (the sandbox's join code). LipaChat calls our webhook, and the 24-hour window opens.",
  );
  const joined = await call('POST', `${simulatorUrl}/__sim/customers/${CUSTOMER}/messages`, {
    body: { text: 'join lipaflow' },
  });
  holds('the webhook took the message', joined.status < 300);
  console.log(`   → GET /v1/sessions/${BUSINESS}/${CUSTOMER}`);
  const session = await call('GET', `${apiUrl}/v1/sessions/${BUSINESS}/${CUSTOMER}`, { token });
  show(session);
  holds('the session window is open', session.json['open'] === true);

  title('The same request again: now the flow goes out.');
  console.log('   → POST /v1/flows');
  const sent = await send();
  show(sent);
  holds("sent, with LipaChat's own answer inside", sent.status === 201 && sent.json['status'] === 'sent');

  title(
    'The app never saw that answer and repeats its request: the stored answer comes back, nothing is sent.',
  );
  console.log('   → POST /v1/flows');
  const replayed = await send();
  console.log(`   ← ${replayed.status}  Idempotent-Replayed: ${replayed.headers.get('idempotent-replayed')}`);
  holds('the very same bytes', replayed.text === sent.text);
  holds('the customer got one flow', (await deliveries()) === 1);

  title('WhatsApp reports the delivery, and the message moves along.');
  await call('POST', `${simulatorUrl}/__sim/messages/${flow.messageId}/status`, {
    body: { status: 'DELIVERED' },
  });
  console.log(`   → GET /v1/messages/${flow.messageId}`);
  const message = await call('GET', `${apiUrl}/v1/messages/${flow.messageId}`, { token });
  for (const { at, status, source } of message.json['timeline'] as {
    at: string;
    status: string;
    source: string;
  }[]) {
    console.log(`     ${at}  ${status.padEnd(10)} (${source})`);
  }
  holds('delivered', message.json['status'] === 'delivered');
};

try {
  await build();
  console.log(
    'LipaFlow on this machine: the built functions, an embedded DynamoDB and a LipaChat simulator.',
  );
  // Logs and metrics would stand between the steps; failures still show.
  const quiet = { LOG_LEVEL: 'ERROR', POWERTOOLS_METRICS_DISABLED: 'true' };
  const system = await startSystem({ PORT: '0', ...quiet });
  await tellStory(system);
  console.log('\nAll steps held. `npm start` keeps the same system running, to try it by hand.');
  process.exit(0);
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
