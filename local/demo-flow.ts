/** The demo of one flow, step by step. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { call, holds, show, title, until } from './demo-steps.ts';
import type { System } from './system.ts';

type TimelineRow = { at: string; status: string; source: string };

const CUSTOMER = '254717746565';
const BUSINESS = '254110090747';

export const tellOfFlow = async ({ apiUrl, simulatorUrl, awsUrl, token }: System): Promise<void> => {
  const example: object = JSON.parse(
    await readFile(new URL('../examples/send-flow.json', import.meta.url), 'utf8'),
  );
  const flow = { ...example, messageId: randomUUID() };
  const send = (body: object) => call('POST', `${apiUrl}/v1/flows`, { token, body });
  const read = () => call('GET', `${apiUrl}/v1/messages/${flow.messageId}`, { token });
  const customer = (path: string, body: object) =>
    call('POST', `${simulatorUrl}/__sim/customers/${CUSTOMER}/${path}`, { body });
  const deliveries = async (kind: string) => {
    const { json } = await call('GET', `${simulatorUrl}/__sim/deliveries`);
    return Array.isArray(json) ? json.filter((delivery) => delivery.kind === kind).length : 0;
  };

  title('An app sends a flow. The customer has not written in the last 24 hours, so WhatsApp forbids it.');
  console.log('   → POST /v1/flows');
  const refused = await send(flow);
  show(refused);
  holds('the window is closed: nothing was sent, and the messageId is still free', refused.status === 409);

  title(
    'The app sends it again with a fallback: a template message asks the customer to write, and the flow waits.',
  );
  console.log('   → POST /v1/flows  { …, "whenClosed": "template", "template": { … } }');
  const template = { name: 'share_details', languageCode: 'en', placeholders: ['Asha'] };
  const waiting = { ...flow, whenClosed: 'template', template };
  const parked = await send(waiting);
  show(parked);
  holds('accepted and parked', parked.status === 202 && parked.json['status'] === 'parked');
  holds(
    'the customer got one template message and no flow',
    (await deliveries('template')) === 1 && (await deliveries('flow')) === 0,
  );

  title(
    "The customer writes (here, the sandbox's join code). LipaChat calls our webhook, and the window opens.",
  );
  await customer('messages', { text: 'join lipaflow' });
  const session = await call('GET', `${apiUrl}/v1/sessions/${BUSINESS}/${CUSTOMER}`, { token });
  show(session);
  holds('the session window is open', session.json['open'] === true);

  title('The parked flow goes out without another request: the webhook queued it, and a worker sends it.');
  console.log(`   → GET /v1/messages/${flow.messageId}`);
  const sent = await until(read, ({ json }) => json['status'] === 'sent');
  show(sent);
  holds("sent, with LipaChat's own response inside", sent.json['status'] === 'sent');
  holds('the customer got one flow', (await deliveries('flow')) === 1);

  title('The app repeats its request twice. It gets the stored answer, and nothing is sent.');
  console.log('   → POST /v1/flows');
  const [first, second] = [await send(waiting), await send(waiting)];
  console.log(`   ← ${second.status}  Idempotent-Replayed: ${second.headers.get('idempotent-replayed')}`);
  holds('exactly the same bytes', second.status === 201 && second.text === first.text);
  holds('the customer still has one flow', (await deliveries('flow')) === 1);

  title('WhatsApp reports the delivery, the customer fills in the flow, and LipaFlow stores the reply.');
  await call('POST', `${simulatorUrl}/__sim/messages/${flow.messageId}/status`, {
    body: { status: 'DELIVERED' },
  });
  await customer('flow-replies', {
    response: { service: 'Delivery', package: 'Gold' },
    messageId: flow.messageId,
  });
  const answered = await until(read, ({ json }) => json['reply'] !== undefined);
  console.log(`   → GET /v1/messages/${flow.messageId}`);
  for (const { at, status, source } of answered.json['timeline'] as TimelineRow[]) {
    console.log(`     ${at}  ${status.padEnd(10)} (${source})`);
  }
  console.log(`     reply: ${JSON.stringify(answered.json['reply'])}`);
  holds(
    'delivered, and the reply is stored',
    answered.json['status'] === 'delivered' && answered.json['reply'] !== undefined,
  );

  title('Every step is an event on the bus, in order.');
  const events = await until(
    () => call('GET', `${awsUrl}/__aws/events`),
    ({ text }) => text.includes('flow.replied'),
  );
  const types = (Array.isArray(events.json) ? events.json : []).map((event) => String(event.detailType));
  console.log(`     ${types.join(' → ')}`);
  const expected = ['message.parked', 'session.opened', 'message.sent', 'message.delivered', 'flow.replied'];
  holds(
    'each event came once',
    expected.every((type) => types.filter((t) => t === type).length === 1),
  );
};
