/** Which process an instance of a function runs in. */
import { definitionOf, environmentOf, type Host, spawnHost, type Worker } from '../worker.ts';

type Spawn = (functionName: string, settings?: Record<string, string>) => Promise<Worker>;

/**
 * Starts functions in `environment`, which `settings` of an instance come before. Each has a process of its own,
 * or shares one with all that have the same environment, Node's options and clock included.
 */
export const createSpawn = (
  environment: Record<string, string>,
  ownProcesses: boolean,
): { spawn: Spawn; outputs: () => string[] } => {
  const hosts: Host[] = [];
  const shared = new Map<string, Host>();

  const start = (env: Record<string, string>): Host => {
    const host = spawnHost(env);
    hosts.push(host);
    return host;
  };

  const hostFor = (env: Record<string, string>): Host => {
    const key = JSON.stringify(Object.entries(env).toSorted());
    const host = shared.get(key) ?? start(env);
    shared.set(key, host);
    return host;
  };

  const spawn: Spawn = async (functionName, settings = {}) => {
    const definition = definitionOf(functionName);
    const env = environmentOf(definition, { ...environment, ...settings });
    if (!ownProcesses) return hostFor(env).load(definition);
    const host = start(env);
    return { ...host, invoke: (await host.load(definition)).invoke };
  };

  return { spawn, outputs: () => hosts.map((host) => host.output()) };
};
