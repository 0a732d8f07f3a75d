/** `npm start`: builds, starts the local system, says how to use it, and ends all of it on Ctrl-C. */
import { randomUUID } from 'node:crypto';
import { build } from '../scripts/build.ts';
import type { System } from './system.ts';

const CUSTOMER = '254717746565';
const BUSINESS = '254110090747';
const PARENT_CHECK_MS = 250;

const flow = () => ({
  messageId: randomUUID(),
  to: CUSTOMER,
  from: `+${BUSINESS}`,
  text: 'Thank you share your details and one of our agents will be in touch',
  flowId: 'YOUR_FLOW_ID',
  flowCta: 'Share Details!',
  screen: 'First screen in your JSON request',
  data: { service: '', serviceOption: '', package: '' },
});

const curl = (url: string, body: object, headers: string[] = []): string =>
  ['content-type: application/json', ...headers]
    .map((header) => `-H '${header}'`)
    .concat(`-d '${JSON.stringify(body)}'`)
    .reduce((command, part) => `${command} ${part}`, `curl -sS ${url}`);

const hint = ({ apiUrl, simulatorUrl }: System): string => `
What the API takes and answers, and a page to try it out: ${apiUrl}/docs

WhatsApp lets you write only within 24 hours of the customer's last message. As the customer, write in:
  ${curl(`${simulatorUrl}/__sim/customers/${CUSTOMER}/messages`, { text: 'join lipaflow' })}
Then send a flow with the curl of the next line. See what arrived: curl -sS ${simulatorUrl}/__sim/deliveries
`;

// One line, for people and for programs: name=value pairs first, the command to paste last.
const readyLine = ({ apiUrl, simulatorUrl, token, webhookUrl }: System): string =>
  [
    'ready',
    `api=${apiUrl}`,
    `simulator=${simulatorUrl}`,
    `token=${token}`,
    `webhook=${webhookUrl}`,
    curl(`${apiUrl}/v1/flows`, flow(), [`authorization: Bearer ${token}`]),
  ].join(' ');

// Everything lives in this process: when it ends, so do the connections that clients still hold open.
const end = (): void => process.exit(0);

// Between npm and us there may be a shell, which a signal to npm ends without ever reaching us; and a killed npm
// tells nobody. When our parent is gone, `npm start` is over.
const endWithNpm = (): void => {
  const { ppid: parent } = process;
  const { npm_lifecycle_event: script } = process.env;
  if (!script) return;
  setInterval(() => process.ppid !== parent && end(), PARENT_CHECK_MS).unref();
};

process.on('SIGINT', end);
process.on('SIGTERM', end);
endWithNpm();
try {
  // esbuild has a process of its own: meanwhile this one loads the rest.
  const [{ startSystem }] = await Promise.all([import('./system.ts'), build()]);
  const system = await startSystem();
  process.stderr.write(hint(system));
  process.stdout.write(`${readyLine(system)}\n`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
