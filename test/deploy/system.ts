/**
 * Everything that the deployment test needs: the emulator, LipaChat's simulator, the copy that is deployed, and the
 * API as an app sees it.
 */
import { answerOfHttp } from '../support/fleet/answer.ts';
import { createLipaChat } from '../support/fleet/lipachat.ts';
import { until } from '../support/fleet/wait.ts';
import { spawnSimulator } from '../support/simulator.ts';
import { createAccount, variablesOf } from './account.ts';
import { startEmulator } from './emulator.ts';
import { openFrontDoor } from './front-door.ts';
import { createService } from './service.ts';

export const BUSINESS = '254709000111';
export const API_KEY = 'the-key-of-the-proof';
export const WEBHOOK_SECRET = 'a-webhook-secret-of-the-proof-1234567890';
export const TOKENS = {
  app: 'token-of-the-app',
  reader: 'token-that-may-only-read',
  former: 'token-of-a-former-client',
  other: 'token-of-another-app',
};

export type System = Awaited<ReturnType<typeof startSystem>>;
type CallOptions = { token?: string; body?: unknown; headers?: Record<string, string> };

/** Starts the emulator and the simulator. Nothing is deployed yet. */
export const startSystem = async () => {
  const simulator = await spawnSimulator({ apiKey: API_KEY });
  const emulator = await startEmulator({
    strict: true,
    // The template is deployed unchanged. Only the addresses of the gateway and of S3 differ from AWS.
    environment: (port) => ({
      LIPACHAT_BASE_URL: simulator.baseUrl,
      AWS_ENDPOINT_URL_S3: `https://127.0.0.1:${port}`,
    }),
  });
  const frontDoor = await openFrontDoor(emulator);
  const account = createAccount(emulator);
  const service = createService(variablesOf(emulator));
  const outputs: Record<string, string> = {};
  let numbers = 254_700_000_000;

  const call = async (method: string, path: string, { token, body, headers }: CallOptions = {}) =>
    answerOfHttp(
      await fetch(`${frontDoor.url}${path}`, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(40_000),
      }),
    );

  const lipachat = createLipaChat(simulator);
  /** Resolves once the message has opened the window: the webhook answers before that. */
  const writeIn: typeof lipachat.writeIn = async (customer, message) => {
    const written = await lipachat.writeIn(customer, message);
    const path = `/v1/sessions/${BUSINESS}/${customer}`;
    await until(`the window with ${customer}`, async () => {
      const { json } = await call('GET', path, { token: TOKENS.app });
      return json.open === true;
    });
    return written;
  };

  return {
    account,
    emulator,
    service,
    lipachat: { ...lipachat, writeIn },
    outputs,

    /** Reads the stack's outputs as the command line prints them. */
    learn: async (deployed: string): Promise<void> => {
      for (const [, name = '', value = ''] of deployed.matchAll(/^ {2}(\w+): (\S+)$/gm))
        outputs[name] = value;
      frontDoor.leadTo(outputs['HttpApiId'] ?? '');
      const webhookUrl = `${frontDoor.url}/v1/webhooks/lipachat/${WEBHOOK_SECRET}`;
      await lipachat.configure({ webhookUrl });
    },
    call,
    /** Calls the API as the app with all scopes. */
    app: (method: string, path: string, options: CallOptions = {}) =>
      call(method, path, { token: TOKENS.app, ...options }),
    customer: (): string => {
      numbers += 1;
      return String(numbers);
    },
    close: async (): Promise<void> => {
      await Promise.all([frontDoor.close(), emulator.stop(), simulator.stop()]);
    },
  };
};

/** The documented example. */
export const flow = (to: string, fields: Record<string, unknown> = {}) => ({
  messageId: crypto.randomUUID() as string,
  to,
  from: BUSINESS,
  text: 'Please share your details.',
  flowId: '1234',
  flowCta: 'Share details',
  screen: 'DETAILS',
  data: { service: '', package: 'home' },
  ...fields,
});
