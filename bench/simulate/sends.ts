/** Sends: through the API or directly, answered at once or accepted and sent by the worker. */
import { randomTime } from './engine.ts';
import { type Reason, type World, withEnvironment } from './world.ts';

export interface SendDeps {
  readonly deliver: () => void;
  readonly callBack: () => void;
}

export type Sends = { readonly arrive: (isAccepted?: boolean) => void };

/** LipaChat's time for a call, at most the deadline; beyond it, the outcome is unknown. */
export function gatewayTime({ engine, settings, count }: World): number {
  const { load, times, deployment } = settings;
  const ms = randomTime(engine, load.latencySeconds * 1000, times.latencySpread);
  const most = deployment.gatewayDeadlineSeconds * 1000;
  if (ms >= most) count.sends.unknown += 1;
  return Math.min(ms, most);
}

/** Each status of a sent message is a callback. */
export function scheduleCallbacks({ engine, settings }: World, callBack: () => void): void {
  const { load, times } = settings;
  const delays = times.callbackDelaysMs;
  for (let n = 0; n < load.callbacks; n += 1) {
    const mean = delays[n % delays.length] ?? 0;
    engine.after(times.isDelayRandom ? -Math.log(1 - engine.random()) * mean : mean, callBack);
  }
}

/** The partition of the index `due` of one message. */
export const dueShard = ({ engine, settings }: World): string =>
  `due#${Math.floor(engine.random() * settings.deployment.dueShards)}`;

/** Settles a sent message. A throttled write leaves it to the watch of its lease. */
export function settle({ table, publisher, count }: World): void {
  table.write((isDone) => {
    if (!isDone) count.sends.unsettled += 1;
    else publisher.change(true);
  });
  // The entry by WhatsApp's id has partitions of its own.
}

export function makeSends(world: World, { deliver, callBack }: SendDeps): Sends {
  const { engine, lambda, table, publisher, settings, count } = world;
  const { load, times } = settings;

  function refuse(reason: Reason): void {
    count.refusedSends.add(reason);
    world.noteThrottle();
  }

  function claim(isAccepted: boolean): void {
    table.write((isDone) => {
      if (!isDone) {
        lambda.end('sendFlow');
        return refuse('table');
      }
      publisher.change(false);
      if (isAccepted) return accept();
      engine.after(times.sendOverheadMs + gatewayTime(world), () => {
        lambda.end('sendFlow');
        count.sends.answered += 1;
        settle(world);
        scheduleCallbacks(world, callBack);
      });
    });
  }

  /** Stored with a due entry, enqueued, and answered with a 202. */
  function accept(): void {
    table.writeKey(dueShard(world), (isDone) => {
      engine.after(times.acceptMs, () => {
        lambda.end('sendFlow');
        if (!isDone) return refuse('table');
        count.sends.accepted += 1;
        deliver();
      });
    });
  }

  return {
    arrive(isAccepted = engine.random() < load.queueShare) {
      count.sends.arrived += 1;
      const isDirect = engine.random() < load.directShare;
      const reason =
        (isDirect ? undefined : world.admit('api')) ??
        withEnvironment(world, 'sendFlow', (knowsSecret) => {
          if (knowsSecret) return claim(isAccepted);
          lambda.end('sendFlow', false);
          refuse('apiKey unread');
        });
      if (reason !== undefined) refuse(reason);
    },
  };
}
