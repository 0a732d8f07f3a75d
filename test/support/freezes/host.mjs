import { createRequire } from 'node:module';

/**
 * Hosts a bundle as Lambda's runtime does: it asks for one event at a time, and the process stops at the moment that it
 * was told to, counted from when it asks. Plain JavaScript, so that a hundred of them start soon.
 * Arguments: the bundle, the export, and when to stop the first time (`Stop` in environment.ts) as JSON.
 */
const [path, exportName, firstStop] = process.argv.slice(2);
// A rehearsal belongs to init, which a module holds back until it is over.
const { [exportName]: handler } = path.endsWith('.mjs') ? await import(path) : createRequire(path)(path);

const turn = () => new Promise((resolve) => setImmediate(resolve));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function stop({ turns, ms }) {
  for (let n = 0; n < turns; n += 1) await turn();
  if (ms > 0) await pause(ms);
  process.kill(process.pid, 'SIGSTOP');
}

function context({ timeoutMs, awsRequestId }) {
  const endsAt = Date.now() + timeoutMs;
  return { awsRequestId, getRemainingTimeInMillis: () => Math.max(0, endsAt - Date.now()) };
}

const outcomeOf = (event, given) =>
  Promise.resolve(handler(event, given)).then(
    (result) => ({ result }),
    ({ name, message }) => ({ error: { name, message } }),
  );

process.on('message', async ({ event, thenStop, ...invocation }) => {
  process.send({ outcome: await outcomeOf(event, context(invocation)) });
  await stop(thenStop);
});

process.send({ ready: true });
void stop(JSON.parse(firstStop));
// die-with-parent.ts let go of the channel; the process lives for it.
process.channel.ref();
