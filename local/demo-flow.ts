/** The flow demo: one flow from a shut session window to the customer's reply. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { call, holds, show, title, until } from './demo-steps.ts';
import type { System } from './system.ts';

type MessageView = {
  status: string;
  reply?: object;
  timeline: { at: string; status: string; source: string }[];
};

const CUSTOMER = '254717746565';
const BUSINESS = '254110090747';
const TEMPLATE = { name: 'share_details', languageCode: 'en', placeholders: ['Asha'] };

/** What the steps share: one flow on one system. */
type Demo = Awaited<ReturnType<typeof demoOn>>;

const demoOn = async ({ apiUrl, simulatorUrl, awsUrl, token }: System) => {
  const example = await readFile(new URL('../examples/send-flow.json', import.meta.url), 'utf8');
  const flow = { ...(JSON.parse(example) as object), messageId: randomUUID() };
  const simulator = `${simulatorUrl}/__sim`;
  return {
    flow,
    /** The same flow, to be sent as soon as the customer writes in. */
    waiting: { ...flow, whenClosed: 'template', template: TEMPLATE },
    send: (body: object) => call('POST', `${apiUrl}/v1/flows`, { token, body }),
    read: () => call<MessageView>('GET', `${apiUrl}/v1/messages/${flow.messageId}`, { token }),
    session: () => call('GET', `${apiUrl}/v1/sessions/${BUSINESS}/${CUSTOMER}`, { token }),
    customer: (path: string, body: object) =>
      call('POST', `${simulator}/customers/${CUSTOMER}/${path}`, { body }),
    report: (status: string) =>
      call('POST', `${simulator}/messages/${flow.messageId}/status`, { body: { status } }),
    deliveries: async (kind: string) => {
      const { json } = await call<{ kind: string }[]>('GET', `${simulator}/deliveries`);
      return json.filter((delivery) => delivery.kind === kind).length;
    },
    events: () => call<{ detailType: string }[]>('GET', `${awsUrl}/__aws/events`),
  };
};

const refuse = async ({ flow, send }: Demo): Promise<void> => {
  title('An app sends a flow. The customer has not written in the last 24 hours, so WhatsApp forbids it.');
  console.log('   → POST /v1/flows');
  const refused = await send(flow);
  show(refused);
  holds('the window is closed: nothing was sent, and the messageId is still free', refused.status === 409);
};

const park = async ({ waiting, send, deliveries }: Demo): Promise<void> => {
  title(
    'The app sends it again with a fallback: a template message asks the customer to write, and the flow waits.',
  );
  console.log('   → POST /v1/flows  { …, "whenClosed": "template", "template": { … } }');
  const parked = await send(waiting);
  show(parked);
  holds('accepted and parked', parked.status === 202 && parked.json['status'] === 'parked');
  holds(
    'the customer got one template message and no flow',
    (await deliveries('template')) === 1 && (await deliveries('flow')) === 0,
  );
};

const openWindow = async ({ customer, session }: Demo): Promise<void> => {
  title(
    "The customer writes (here, the sandbox's join code). LipaChat calls our webhook, and the window opens.",
  );
  await customer('messages', { text: 'join lipaflow' });
  const opened = await session();
  show(opened);
  holds('the session window is open', opened.json['open'] === true);
};

const awaitSend = async ({ flow, read, deliveries }: Demo): Promise<void> => {
  title('The parked flow goes out without another request: the callback released it, and a worker sends it.');
  console.log(`   → GET /v1/messages/${flow.messageId}`);
  const sent = await until(read, ({ json }) => json.status === 'sent');
  show(sent);
  holds("sent, with LipaChat's own response inside", sent.json.status === 'sent');
  holds('the customer got one flow', (await deliveries('flow')) === 1);
};

const repeat = async ({ waiting, send, deliveries }: Demo): Promise<void> => {
  title('The app repeats its request twice. It gets the stored answer, and nothing is sent.');
  console.log('   → POST /v1/flows');
  const [first, second] = [await send(waiting), await send(waiting)];
  console.log(`   ← ${second.status}  Idempotent-Replayed: ${second.headers.get('idempotent-replayed')}`);
  holds('exactly the same bytes', second.status === 201 && second.text === first.text);
  holds('the customer still has one flow', (await deliveries('flow')) === 1);
};

const reply = async ({ flow, report, customer, read }: Demo): Promise<void> => {
  title('WhatsApp reports the delivery, the customer fills in the flow, and LipaFlow stores the reply.');
  await report('DELIVERED');
  const response = { service: 'Delivery', package: 'Gold' };
  await customer('flow-replies', { response, messageId: flow.messageId });
  const { json } = await until(read, (answer) => answer.json.reply !== undefined);
  console.log(`   → GET /v1/messages/${flow.messageId}`);
  for (const { at, status, source } of json.timeline) {
    console.log(`     ${at}  ${status.padEnd(10)} (${source})`);
  }
  console.log(`     reply: ${JSON.stringify(json.reply)}`);
  holds('delivered, and the reply is stored', json.status === 'delivered' && json.reply !== undefined);
};

const check = async ({ events }: Demo): Promise<void> => {
  title('Every step is an event on the bus, in order.');
  const published = await until(events, ({ text }) => text.includes('flow.replied'));
  const types = published.json.map(({ detailType }) => detailType);
  console.log(`     ${types.join(' → ')}`);
  const expected = ['message.parked', 'session.opened', 'message.sent', 'message.delivered', 'flow.replied'];
  holds(
    'each event came once',
    expected.every((type) => types.filter((t) => t === type).length === 1),
  );
};

/** Sends one flow on the local system, step by step. Throws at the first claim that does not hold. */
export const demoFlow = async (system: System): Promise<void> => {
  const demo = await demoOn(system);
  for (const step of [refuse, park, openWindow, awaitSend, repeat, reply, check]) await step(demo);
};
