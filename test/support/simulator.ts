/** The LipaChat simulator in a process of its own. */
import { type Child, lineAfter, spawnChild, whenReady } from './children.ts';
import { callJson } from './json-http.ts';

export type SimulatorProcess = Child & {
  url: string;
  /** For LIPACHAT_BASE_URL. */
  baseUrl: string;
  /** A call of its control API: `control('POST', 'customers/2547…/messages', { text: 'hi' })`. */
  control: <Result = unknown>(method: string, path: string, body?: unknown) => Promise<Result>;
};

type SpawnSimulatorOptions = { apiKey: string; webhookUrl?: string; webhookHmacSecret?: string };

/** Starts it on a free port. */
export const spawnSimulator = async (options: SpawnSimulatorOptions): Promise<SimulatorProcess> => {
  const { apiKey, webhookUrl, webhookHmacSecret } = options;
  const { process: child, ...rest } = spawnChild({
    file: 'local/simulator/main.ts',
    env: {
      SIMULATOR_PORT: '0',
      LIPAFLOW_LOCAL_API_KEY: apiKey,
      ...(webhookUrl ? { SIMULATOR_WEBHOOK_URL: webhookUrl } : {}),
      ...(webhookHmacSecret ? { SIMULATOR_WEBHOOK_HMAC_SECRET: webhookHmacSecret } : {}),
    },
  });
  const url = await whenReady(rest, lineAfter(child, 'simulator '));
  return {
    ...rest,
    url,
    baseUrl: `${url}/api/v1`,
    control: (method, path, body) => callJson(method, `${url}/__sim/${path}`, body),
  };
};
