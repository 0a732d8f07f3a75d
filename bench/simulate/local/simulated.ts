/** The scenario in the simulation, with the local system's times. */
import { type Deployment, readDeployment } from '../deployment.ts';
import { simulate } from '../run.ts';
import { settingsOf } from '../settings.ts';
import type { Calibrated } from './calibrate.ts';
import type { Scenario, Trace } from './scenario.ts';

/** The pause of the local poller (local/queue-source.ts). */
const POLL_PAUSE_MS = 25;

function deploymentOf({ environments }: Scenario): Deployment {
  const base = readDeployment();
  const { DeliveryQueue, CallbackQueue } = base.queues;
  return {
    ...base,
    apiRate: 10_000,
    webhookRate: 10_000,
    reserved: { sendFlow: environments.sendFlow },
    queues: {
      ...base.queues,
      DeliveryQueue: { ...DeliveryQueue, maximumConcurrency: environments.worker },
      CallbackQueue: { ...CallbackQueue, maximumConcurrency: environments.callbacks },
    },
  };
}

export function simulated(scenario: Scenario, trace: Trace, times: Calibrated) {
  const { receiveMs, deleteMs, ...rest } = times;
  return simulate(
    settingsOf({
      deployment: deploymentOf(scenario),
      account: { parameters: 10_000 },
      load: {
        sends: 0,
        latencySeconds: scenario.latencyMs / 1000,
        seconds: scenario.seconds,
        rampSeconds: 0,
        trace,
      },
      times: {
        ...rest,
        coldStartMs: 0,
        latencySpread: 0,
        callbackDelaysMs: scenario.statusDelaysMs,
        isDelayRandom: false,
        callbacksBaseMs: times.callbacksBaseMs + deleteMs,
        workerBaseMs: times.workerBaseMs + deleteMs,
        polling: { receiveMs, pauseMs: POLL_PAUSE_MS },
      },
    }),
  );
}
