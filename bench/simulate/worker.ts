/** The worker: single sends and watches from the delivery queue, recipients from the campaign queue. */
import { arrivals } from './engine.ts';
import { type Job, makeQueue, type Queue } from './queue.ts';
import { dueShard, gatewayTime, scheduleCallbacks, settle } from './sends.ts';
import { type World, withEnvironment } from './world.ts';

type Work =
  | { readonly kind: 'send' }
  | { readonly kind: 'watch' }
  | { readonly kind: 'recipient'; readonly dueAt: number };

export interface WorkerQueues {
  readonly delivery: Queue<Work>;
  readonly campaign: Queue<Work>;
}

/** How long after a fault a record of the worker's queues comes back: its visibility timeout. */
const POLLERS = { first: 5, perMinute: 300 };
const WORKER = 'worker';

export function makeWorker(world: World, callBack: () => void): WorkerQueues {
  const { engine, lambda, settings, table, publisher, count } = world;
  const { deployment, times } = settings;

  /** The time of one job from now; its effects come at its end. */
  function timeOf({ body }: Job<Work>): number {
    if (body.kind === 'watch') return times.watchMs;
    const wait = body.kind === 'recipient' ? Math.max(0, body.dueAt - engine.now()) : 0;
    if (body.kind === 'recipient') count.campaignDelays.add(Math.max(0, engine.now() - body.dueAt));
    table.write((isDone) => isDone && publisher.change(false));
    // The take-over removes the due entry.
    if (body.kind === 'send') table.writeKey(dueShard(world), () => undefined);
    return wait + times.workerBaseMs + gatewayTime(world);
  }

  function end({ body }: Job<Work>): void {
    if (body.kind === 'watch') return;
    if (body.kind === 'recipient') count.campaign.sent += 1;
    else count.sends.delivered += 1;
    settle(world);
    scheduleCallbacks(world, callBack);
  }

  function handle(batch: readonly Job<Work>[], done: () => void): void {
    let longest = 0;
    for (const [n, job] of batch.entries()) {
      const ms = timeOf(job) + (job.body.kind === 'watch' ? 0 : (n + 1) * times.workerJobMs);
      longest = Math.max(longest, ms);
      engine.after(ms, () => end(job));
    }
    engine.after(longest, done);
  }

  const queueOf = (name: 'DeliveryQueue' | 'CampaignQueue'): Queue<Work> => {
    const { batchSize, maximumConcurrency, visibilitySeconds, maxReceives } = deployment.queues[name];
    const visibilityMs = visibilitySeconds * 1000;
    return makeQueue<Work>(
      { batchSize, maximumConcurrency, visibilityMs, maxReceives, pollers: POLLERS, polling: times.polling },
      {
        engine,
        invoke(batch, done) {
          const throttled = withEnvironment(world, WORKER, (knowsSecret) => {
            if (knowsSecret) {
              return handle(batch, () => {
                lambda.end(WORKER);
                done([]);
              });
            }
            lambda.end(WORKER, false);
            done(batch.map((job) => ({ job, retryMs: visibilityMs })));
          });
          if (throttled !== undefined) world.noteThrottle();
          return throttled === undefined;
        },
      },
    );
  };

  const queues = { delivery: queueOf('DeliveryQueue'), campaign: queueOf('CampaignQueue') };
  startWatches(world, queues.delivery);
  startCampaign(world, queues.campaign);
  return queues;
}

/** Three in ten claims get a watch, a minute after them (docs/cost.md). */
function startWatches({ engine, settings }: World, delivery: Queue<Work>): void {
  const { load } = settings;
  const most = 0.3 * (load.sends + load.campaign);
  const LEASE_MS = 60_000;
  const rateAt = (ms: number) => (ms < LEASE_MS ? 0 : most);
  arrivals(engine, { most, rateAt, endMs: load.seconds * 1000 }, () => delivery.send({ kind: 'watch' }));
}

/** The tick enqueues recipients ahead. SQS delivers each at the full second before it is due, and the worker waits. */
function startCampaign({ settings, count }: World, campaign: Queue<Work>): void {
  const { load } = settings;
  if (load.campaign === 0) return;
  const total = Math.floor(load.campaign * load.seconds);
  for (let n = 0; n < total; n += 1) {
    const dueAt = (n * 1000) / load.campaign;
    count.campaign.due += 1;
    campaign.send({ kind: 'recipient', dueAt }, Math.floor(dueAt / 1000) * 1000);
  }
}
