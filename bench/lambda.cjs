/**
 * Hosts a bundle in a process that loads nothing else, in particular no TypeScript, so that time and memory
 * are close to Lambda's. Times are in milliseconds. `loadedMs` counts from the start of the process, so it
 * includes Node's own start.
 */
const { performance } = require('node:perf_hooks');

const began = performance.now();
const { handler } = require(process.argv[2]);
const init = { loadedMs: performance.now(), initMs: performance.now() - began };

const context = () => {
  const endsAt = Date.now() + 29_000;
  return { awsRequestId: 'bench', getRemainingTimeInMillis: () => endsAt - Date.now() };
};

async function invoke(event) {
  const cpu = process.cpuUsage();
  const at = performance.now();
  const outcome = await Promise.resolve(handler(event, context())).then(
    (answer) => ({ answer }),
    (fault) => ({ fault: String(fault) }),
  );
  const ms = performance.now() - at;
  const { user, system } = process.cpuUsage(cpu);
  return { ...outcome, ms, cpuMs: (user + system) / 1000 };
}

process.on('message', async ({ id, event }) => process.send({ id, ...(await invoke(event)) }));
process.send({ id: 0, ...init });
