/** `npm start`: builds and starts the local system, prints how to use it, and stops everything on Ctrl-C. */
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
API reference, where you can try each request: ${apiUrl}/docs

WhatsApp lets you write only within 24 hours of the customer's last message. Write as the customer first:
  ${curl(`${simulatorUrl}/__sim/customers/${CUSTOMER}/messages`, { text: 'join lipaflow' })}
Then send a flow with the curl command on the next line. See what arrived: curl -sS ${simulatorUrl}/__sim/deliveries
`;

// One line for people and programs: name=value pairs, then the command to paste.
const readyLine = ({ apiUrl, simulatorUrl, token, webhookUrl }: System): string =>
  [
    'ready',
    `api=${apiUrl}`,
    `simulator=${simulatorUrl}`,
    `token=${token}`,
    `webhook=${webhookUrl}`,
    curl(`${apiUrl}/v1/flows`, flow(), [`authorization: Bearer ${token}`]),
  ].join(' ');

// Everything runs in this process, so exiting also ends connections that clients hold open.
const end = (): void => process.exit(0);

// There may be a shell between npm and this process. A signal to npm may end the shell without reaching us, and a killed
// npm sends no signal at all. So exit as soon as the parent process has changed.
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
  // esbuild runs in its own process. Meanwhile, this one loads the rest.
  const [{ startSystem }] = await Promise.all([import('./system.ts'), build()]);
  const system = await startSystem();
  process.stderr.write(hint(system));
  process.stdout.write(`${readyLine(system)}\n`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
