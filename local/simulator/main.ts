/**
 * The simulator as its own process, for tests in which several service processes share one LipaChat.
 *
 *   SIMULATOR_PORT (default 0: any free port) · LIPAFLOW_LOCAL_API_KEY (required) · SIMULATOR_WEBHOOK_URL ·
 *   SIMULATOR_WEBHOOK_HMAC_SECRET
 *
 * Prints one line, `simulator http://127.0.0.1:PORT`, when it listens. Exits with 0 on SIGINT and SIGTERM.
 */
import { type SimulatorOptions, startSimulator } from './simulator.ts';

function optionsFrom(env: NodeJS.ProcessEnv): SimulatorOptions {
  const {
    LIPAFLOW_LOCAL_API_KEY: apiKey,
    SIMULATOR_PORT: port,
    SIMULATOR_WEBHOOK_URL: webhookUrl,
    SIMULATOR_WEBHOOK_HMAC_SECRET: webhookHmacSecret,
  } = env;
  if (!apiKey) throw new Error('LIPAFLOW_LOCAL_API_KEY is not set');
  return {
    port: Number(port ?? 0),
    apiKey,
    ...(webhookUrl ? { webhookUrl } : {}),
    ...(webhookHmacSecret ? { webhookHmacSecret } : {}),
  };
}

try {
  const simulator = await startSimulator(optionsFrom(process.env));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void simulator.close());
  console.log(`simulator ${simulator.url}`);
} catch (error) {
  console.error(`simulator: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
