/** The use cases, wired as the functions wire them, over fakes that processes share. */

import { makeWatchLeases } from '../../../src/lib/events/watch-leases.ts';
import { makeApiKeys } from '../../../src/lib/lipachat/api-keys.ts';
import type { Callback } from '../../../src/lib/lipachat/callback.ts';
import type { Gateway } from '../../../src/lib/lipachat/ports.ts';
import type { Message, MessageId } from '../../../src/lib/messages/message.ts';
import { makeRead } from '../../../src/lib/messages/read.ts';
import type { Receipt } from '../../../src/lib/messages/receipt.ts';
import { makeRecipientQueue } from '../../../src/lib/messages/recipient-queue.ts';
import type { Clock, Random } from '../../../src/lib/platform/ports.ts';
import type { SendResult } from '../../../src/lib/sending/attempt.ts';
import { sendResponse } from '../../../src/lib/sending/contract.ts';
import type { FinishClaim } from '../../../src/lib/sending/finish-claim.ts';
import type { SendCommand } from '../../../src/lib/sending/send-flow.ts';
import { tablePartOf } from '../../../src/lib/sending/table-part.ts';
import { makeErasureKey } from '../../../src/lib/sessions/erasure-key.ts';
import { DEFAULT_WORDS } from '../../../src/lib/whatsapp/opt-out-words.ts';
import type { Pair } from '../../../src/lib/whatsapp/phone.ts';
import { runErasureOf } from '../../../src/lib/wiring/erasures.ts';
import {
  callbackUseCases,
  contactUseCases,
  sweepUseCase,
  workUseCases,
} from '../../../src/lib/wiring/use-cases.ts';
import { fakeAliases } from './aliases.ts';
import { fakeCallbacks } from './callbacks.ts';
import { fakeCampaigns, fakeObjects } from './campaigns.ts';
import { manualClock, namedRandom } from './clock.ts';
import { fakeErasureQueue, fakeErasures } from './erasures.ts';
import { fakeGateway } from './gateway.ts';
import { type Link, straight } from './link.ts';
import { fakeQueue } from './queue.ts';
import { later, NOW, OTHER_BRAND, sampleRequest } from './samples.ts';
import { fakeSecret } from './secret.ts';
import {
  fakeErasedOptOuts,
  fakeMessages,
  fakePersonAliases,
  fakeSessions,
  fakeTemplateLocks,
  fakeTombstones,
} from './stores.ts';
import { fakeTelemetry } from './telemetry.ts';
import { fakeOldUnmatched, fakeUnmatchedQueue } from './unmatched.ts';

/** The settings of contract §5 that a send uses. */
export interface WorldSettings {
  readonly mode: 'resend' | 'hold';
  readonly leaseSeconds: number;
  readonly resendHorizonSeconds: number;
  readonly gatewayAttempts: number;
  readonly gatewayDeadlineMs: number;
  readonly sessionMarginSeconds: number;
  readonly sendToUserIds: boolean;
}

const DEFAULTS: WorldSettings = {
  mode: 'resend',
  leaseSeconds: 60,
  resendHorizonSeconds: 900,
  gatewayAttempts: 2,
  gatewayDeadlineMs: 20_000,
  sessionMarginSeconds: 60,
  sendToUserIds: false,
};

const RETENTION_DAYS = 30;

/** The result of a send that is not a problem: the HTTP response, and what a campaign reads besides it. */
export type Sent =
  | {
      readonly kind: 'sent';
      readonly messageId: MessageId;
      readonly body: string;
      readonly replayed: boolean;
    }
  | ({ readonly kind: 'pending'; readonly messageId: MessageId; readonly receipt: Receipt } & Pick<
      SendResult,
      'throttleReason'
    >);

function sentOf(result: SendResult): Sent {
  const { status, body, headers = {} } = sendResponse(result);
  const { message, throttleReason } = result;
  const { messageId } = message;
  if (status === 202) {
    const receipt = body as Receipt;
    return { kind: 'pending', messageId, receipt, ...(throttleReason ? { throttleReason } : {}) };
  }
  return { kind: 'sent', messageId, body: String(body), replayed: headers['idempotent-replayed'] === 'true' };
}

interface ProcessOptions {
  readonly link?: Link;
  /** The process's own clock, for a sleep that is more than waiting. */
  readonly clock?: Clock;
  /** Sees, and can replace, its calls to LipaChat. */
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
  const unmatchedQueue = fakeUnmatchedQueue(clock);
  const oldUnmatched = fakeOldUnmatched();
  const aliases = fakeAliases();
  const personAliases = fakePersonAliases(clock);
  const erasedOptOuts = fakeErasedOptOuts();
  const templateLocks = fakeTemplateLocks(clock);
  const erasing = {
    tombstones: fakeTombstones(),
    erasures: fakeErasures(clock),
    queue: fakeErasureQueue(),
    campaigns: fakeCampaigns(clock),
    objects: fakeObjects(),
  };
  const queue = fakeQueue(clock);
  const gateway = fakeGateway(clock);
  const apiKey = fakeSecret('key-1', clock);
  const ownKey = fakeSecret('own-key-1', clock);
  const telemetry = fakeTelemetry();
  const { mode, leaseSeconds, resendHorizonSeconds, ...rest } = settings;
  const ambiguity = { mode, resendHorizonSeconds };
  const sendSettings = {
    ...rest,
    terms: { leaseSeconds, retentionDays: RETENTION_DAYS, ambiguity },
    retentionDays: RETENTION_DAYS,
  };

  /** The publisher. It is never late, and each write is a batch of its own. */
  const watchLeases = makeWatchLeases({ queue, telemetry });
  const published: Promise<unknown>[] = [];
  messages.watch(({ before, after }) => {
    if (after) published.push(watchLeases([{ index: 0, changed: { kind: 'message', before, after } }]));
  });

  const environments = new Map<string, number>();

  /** Ids that no other environment has, not even one of the same name. */
  function randomOf(name: string): Random {
    const nth = (environments.get(name) ?? 0) + 1;
    environments.set(name, nth);
    return namedRandom(nth === 1 ? name : `${name}~${nth}`);
  }

  /** A worker's watches. One that fails comes again after the queue's visibility timeout. */
  async function finishWatched(finishClaim: (watch: Parameters<FinishClaim>[0]) => Promise<void>) {
    await Promise.all(published.splice(0));
    const ends = { finished: 0, failed: 0 };
    const handle = async (watched: ReturnType<typeof queue.takeWatches>[number]) => {
      const { messageId } = watched.watch;
      const before = await messages.get(messageId);
      try {
        await finishClaim(watched.watch);
        queue.forget(watched);
        const after = await messages.get(messageId);
        if (after?.revision !== before?.revision) ends.finished += 1;
      } catch (fault) {
        telemetry.error('record.failed', fault, { messageId });
        ends.failed += 1;
      }
    };
    await Promise.all(queue.takeWatches().map(handle));
    return ends;
  }

  /** One Lambda environment. Everything it does goes over its link. */
  function process(name: string, options: ProcessOptions = {}) {
    const { link = straight, clock: ownClock = clock, through = (g: Gateway) => g } = options;
    const ports = {
      messages: messages.over(link),
      sessions: sessions.over(link),
      callbacks: callbacks.over(link),
      unmatchedQueue: unmatchedQueue.over(link),
      oldUnmatched: oldUnmatched.over(link),
      aliases: aliases.over(link),
      personAliases: personAliases.over(link),
      erasedOptOuts: erasedOptOuts.over(link),
      templateLocks: templateLocks.over(link),
      tombstones: erasing.tombstones.over(link),
      erasures: erasing.erasures.over(link),
      erasureQueue: erasing.queue.over(link),
      campaigns: erasing.campaigns.over(link),
      erasureKey: makeErasureKey(fakeSecret('the key of the world'), ownClock),
      queue: queue.over(link),
      gateway: through(gateway.over(link)),
      apiKeys: makeApiKeys({
        shared: apiKey,
        numbersWithOwnKey: [OTHER_BRAND],
        ownKeyOf: () => ownKey,
      }),
      clock: ownClock,
      random: randomOf(name),
      telemetry,
    };
    const { sendFlow, finishClaim } = workUseCases(ports, sendSettings);
    const runErasure = runErasureOf(ports, erasing.objects.over(link));
    const contacts = contactUseCases({ ...ports, run: runErasure }, sendSettings);
    const longestSendMs = settings.gatewayDeadlineMs + 4_000;
    const sweep = sweepUseCase(ports, { ...sendSettings, longestSendMs });
    const callbackSettings = { ...sendSettings, words: DEFAULT_WORDS };
    const { handleCallbacks, handleReply, lookUp, ...statuses } = callbackUseCases(ports, callbackSettings);
    const run = () => ({ correlationId: name, deadlineAt: later(60, ownClock.now()) });
    const finishClaims = () => finishWatched((watch) => finishClaim(watch, run()));
    const tick = (event: unknown = {}) => sweep({ ...run(), part: tablePartOf(event, ownClock.now()) });
    return {
      /** Sends the sample request, with `command` applied. */
      send: async (command: Partial<SendCommand> = {}): Promise<Sent> => {
        const result = await sendFlow.send({
          request: sampleRequest(),
          clientId: 'client-1',
          seesAll: false,
          respondAsync: false,
          ...run(),
          deadlineAt: later(29, ownClock.now()),
          ...command,
        });
        return sentOf(result);
      },
      /** A tick of the sweeper. `event` may name the part of the table to scan. */
      tick,
      /** Processes the watches that are visible in the queue now. */
      finishClaims,
      /** All that comes in every minute: the watches, the unmatched statuses, the tick. */
      async sweep() {
        const watched = await finishClaims();
        for (const unmatched of unmatchedQueue.take()) await lookUp(unmatched);
        const { finished, failed, ...report } = await tick();
        return { ...report, finished: finished + watched.finished, failed: failed + watched.failed };
      },
      /** As a callback of its own. */
      async handleStatus(...given: Parameters<typeof statuses.handleStatus>): Promise<void> {
        const unmatched = await statuses.handleStatus(...given);
        if (unmatched) await statuses.enqueueLookup(unmatched);
      },
      /** Processes one record of the delivery queue. */
      work: (messageId: MessageId) => sendFlow.work(messageId, { ...run(), source: 'worker' }),
      /** Processes everything that is visible in the queue now. Resolves to the number of records. */
      async workOff(): Promise<number> {
        const records = queue.take();
        for (const { messageId } of records) {
          await sendFlow.work(messageId, { ...run(), source: 'worker' });
        }
        return records.length;
      },
      handleStored: handleCallbacks,
      handleCallbacks: (entries: readonly Callback[]) =>
        handleCallbacks(entries, { correlationId: name, receivedAt: ownClock.now() }),
      handleReply,
      recipientQueue: makeRecipientQueue({ ...ports, ...sendSettings }),
      consent: contacts.consent,
      exportContact: contacts.exportContact,
      erase: (pair: Pair, correlationId: string) =>
        contacts.erasure.erase(pair, { clientId: 'client-1', ...run(), correlationId }),
      read: makeRead({ ...ports, ...sendSettings }),
    };
  }

  /** The one stored message, or undefined. */
  const onlyMessage = (): Message | undefined => messages.all()[0];

  return {
    clock,
    messages,
    sessions,
    callbacks,
    unmatchedQueue,
    oldUnmatched,
    aliases,
    personAliases,
    erasedOptOuts,
    erasing,
    templateLocks,
    queue,
    gateway,
    apiKey,
    ownKey,
    telemetry,
    process,
    onlyMessage,
  };
}
