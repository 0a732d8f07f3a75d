import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/**
 * Hosts a bundle in a process that loads nothing else, in particular no TypeScript, so that time and memory are close to
 * Lambda's. Times are in milliseconds. `loadedMs` counts from the start of the process, so it includes Node's own start.
 * Arguments: the bundle, and as JSON `{ freeze, procs }`: whether the process stops after init, as Lambda stops it, and
 * the file by which it enters the control group that limits its CPU from then on.
 */
const [path, options = '{}'] = process.argv.slice(2);
const began = performance.now();
// Lambda imports both. `require` is faster for a bundle, since an import searches it for its exports.
const { handler } = path.endsWith('.mjs') ? await import(path) : createRequire(path)(path);
const init = { loadedMs: performance.now(), initMs: performance.now() - began };
const { freeze: freezeAfterInit, procs } = JSON.parse(options);
if (procs) writeFileSync(procs, String(process.pid));

const freeze = () => process.kill(process.pid, 'SIGSTOP');

const context = (limitMs) => {
  const endsAt = Date.now() + limitMs;
  return { awsRequestId: 'bench', getRemainingTimeInMillis: () => endsAt - Date.now() };
};

async function invoke(event, limitMs) {
  const cpu = process.cpuUsage();
  const at = performance.now();
  const outcome = await Promise.resolve(handler(event, context(limitMs))).then(
    (answer) => ({ answer }),
    (fault) => ({ fault: String(fault) }),
  );
  const ms = performance.now() - at;
  const { user, system } = process.cpuUsage(cpu);
  return { ...outcome, ms, cpuMs: (user + system) / 1000 };
}

process.on('message', async ({ id, event, thenFreeze, limitMs }) => {
  process.send({ id, ...(await invoke(event, limitMs)) });
  if (thenFreeze) freeze();
});
process.send({ id: 0, ...init });
if (freezeAfterInit) freeze();
