/** The use cases, wired as the functions wire them, over fakes that processes share. */
import type { Message } from '../../../src/lib/domain/message.ts';
import type { Chance, Clock, Gateway } from '../../../src/lib/ports.ts';
import { makeCarrier } from '../../../src/lib/usecases/carry-out.ts';
import { makeRead } from '../../../src/lib/usecases/read.ts';
import { makeSendFlow, type SendCommand, type SendResult } from '../../../src/lib/usecases/send-flow.ts';
import { makeSettler } from '../../../src/lib/usecases/settle.ts';
import { makeSweep } from '../../../src/lib/usecases/sweep.ts';
import { makeTakeCallbacks } from '../../../src/lib/usecases/take-callbacks.ts';
import { makeTakeStatus } from '../../../src/lib/usecases/take-status.ts';
import { fakeCallbacks } from './callbacks.ts';
import { manualClock, namedChance } from './clock.ts';
import { fakeGateway } from './gateway.ts';
import { type Link, straight } from './link.ts';
import { later, NOW, sampleRequest } from './samples.ts';
import { fakeSecret } from './secret.ts';
import { fakeMessages, fakeSessions } from './stores.ts';
import { fakeTelemetry } from './telemetry.ts';

/** Contract §5's settings, as far as a send has them. */
export interface WorldSettings {
  readonly mode: 'resend' | 'hold';
  readonly leaseSeconds: number;
  readonly resendHorizonSeconds: number;
  readonly gatewayAttempts: number;
  readonly gatewayDeadlineMs: number;
  readonly sessionMarginSeconds: number;
}

const DEFAULTS: WorldSettings = {
  mode: 'resend',
  leaseSeconds: 60,
  resendHorizonSeconds: 900,
  gatewayAttempts: 2,
  gatewayDeadlineMs: 20_000,
  sessionMarginSeconds: 60,
};

const RETENTION_DAYS = 30;

interface ProcessOptions {
  readonly link?: Link;
  /** Its own view of time, where sleeping is not simply waiting. */
  readonly clock?: Clock;
  /** Sees, and may stand in for, its calls to LipaChat. */
  readonly through?: (gateway: Gateway) => Gateway;
}

export type World = ReturnType<typeof makeWorld>;
export type Process = ReturnType<World['process']>;

export function makeWorld(changes: Partial<WorldSettings> = {}) {
  const settings = { ...DEFAULTS, ...changes };
  const clock = manualClock(NOW);
  const messages = fakeMessages(clock);
  const sessions = fakeSessions(clock);
  const callbacks = fakeCallbacks(clock);
  const gateway = fakeGateway(clock);
  const apiKey = fakeSecret('key-1');
  const telemetry = fakeTelemetry();
  const terms = {
    leaseSeconds: settings.leaseSeconds,
    retentionDays: RETENTION_DAYS,
    ambiguity: { mode: settings.mode, resendHorizonSeconds: settings.resendHorizonSeconds },
  };

  const chances = new Map<string, Chance>();

  /** One for each name: no id is given out twice, also where a name comes again. */
  function chanceOf(name: string): Chance {
    const chance = chances.get(name) ?? namedChance(name);
    chances.set(name, chance);
    return chance;
  }

  /** One Lambda environment: what it does goes over its link. */
  function process(name: string, options: ProcessOptions = {}) {
    const { link = straight, clock: ownClock = clock, through = (g: Gateway) => g } = options;
    const stores = {
      messages: messages.over(link),
      sessions: sessions.over(link),
      callbacks: callbacks.over(link),
    };
    const deps = { ...stores, clock: ownClock, telemetry, apiKey, chance: chanceOf(name) };
    const { sessionMarginSeconds } = settings;
    const settler = makeSettler({ ...deps, retentionDays: RETENTION_DAYS, sessionMarginSeconds });
    const carrier = makeCarrier({ ...deps, settler, gateway: through(gateway.over(link)), settings });
    const { send, resume } = makeSendFlow({ ...deps, carrier, settler, terms });
    const { takeStatus, retryOrphans } = makeTakeStatus(deps);
    const sweep = makeSweep({
      ...deps,
      resume,
      retryOrphans,
      longestSendMs: settings.gatewayDeadlineMs + 4_000,
    });
    const run = () => ({ correlationId: name, deadlineAt: later(60, ownClock.now()) });
    return {
      /** Sends the sample request, changed as said. */
      send: (command: Partial<SendCommand> = {}): Promise<SendResult> =>
        send({
          request: sampleRequest(),
          clientId: 'client-1',
          seesAll: false,
          ...run(),
          deadlineAt: later(29, ownClock.now()),
          ...command,
        }),
      sweep: () => sweep(run()),
      takeStatus,
      takeCallbacks: makeTakeCallbacks({ ...deps, takeStatus }),
      read: makeRead({ ...deps, sessionMarginSeconds }),
    };
  }

  /** The one message that is stored; undefined if there is none. */
  const onlyMessage = (): Message | undefined => messages.all()[0];

  return { clock, messages, sessions, callbacks, gateway, apiKey, telemetry, process, onlyMessage };
}
