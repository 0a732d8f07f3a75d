import { makeControl } from '../campaigns/control.ts';
import { makeCreateCampaign } from '../campaigns/create.ts';
import { makeCountFailures } from '../campaigns/failures/count.ts';
import { makeLaunch } from '../campaigns/launch.ts';
import { makePlanStarter } from '../campaigns/plan/begin.ts';
import { makePlanner } from '../campaigns/plan/plan.ts';
import { makePlanReader } from '../campaigns/plan/reader.ts';
import type {
  CampaignQueue,
  CampaignStore,
  ClientDirectory,
  FailureStreakStore,
  LedgerStore,
  ObjectStore,
  PlanQueue,
  RateLimitStore,
} from '../campaigns/ports.ts';
import { makeReadCampaign } from '../campaigns/read.ts';
import { makeCampaignRunner } from '../campaigns/run.ts';
import { makeSendToRecipient } from '../campaigns/send-to-recipient.ts';
import { makeTicker } from '../campaigns/tick.ts';
import { makeCursors } from '../http/cursor.ts';
import type { Clock, CursorKey, Random, Telemetry } from '../platform/ports.ts';
import type { SendFlow } from '../sending/send-flow.ts';
import type { ErasedOptOutStore, SessionStore, TombstoneStore } from '../sessions/ports.ts';

/* The use cases of campaigns: ports and settings in, use cases out (`use-cases.ts` has those of a message). */

/** What a running campaign needs. */
interface CampaignPorts {
  readonly campaigns: CampaignStore;
  readonly ledger: LedgerStore;
  readonly rateLimits: Pick<RateLimitStore, 'get'>;
  readonly objects: ObjectStore;
  readonly tombstones: Omit<TombstoneStore, 'bury'>;
  readonly campaignQueue: CampaignQueue;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

/** What sending to recipients needs on top. */
export interface RecipientPorts extends CampaignPorts {
  readonly rateLimits: RateLimitStore;
  readonly failureStreaks: FailureStreakStore;
  readonly sendFlow: Pick<SendFlow, 'send'>;
}

/** What planning needs on top. */
export interface PlanPorts extends CampaignPorts {
  readonly sessions: Pick<SessionStore, 'getMany'>;
  readonly erasedOptOuts: Pick<ErasedOptOutStore, 'whoOptedOut'>;
  readonly planQueue: PlanQueue;
}

/** What the reads of campaigns need on top. */
interface ReadPorts extends CampaignPorts {
  readonly clientDirectory: ClientDirectory;
  readonly cursorKey: CursorKey;
}

interface CampaignSettings {
  readonly numberPerMinute: number;
}

interface RecipientSettings extends CampaignSettings {
  readonly pauseAfterFailures: number;
}

interface PlanSettings extends CampaignSettings {
  readonly sessionMarginSeconds: number;
  readonly retentionDays: number;
  /** Version 0.1 may come back, so recipients and runs get the ids that it derives. */
  readonly beside01?: boolean | undefined;
}

/** Everything for campaigns except sending and reads. */
export function campaignUseCases(ports: PlanPorts, settings: PlanSettings) {
  const newKey = () => (settings.beside01 ? undefined : ports.random.key());
  const deps = { ...ports, ...settings, newKey };
  const base = { ...deps, runner: makeCampaignRunner(deps), planReader: makePlanReader(deps) };
  const planner = makePlanner(base);
  const planStarter = makePlanStarter({ ...base, planner });
  const ticker = makeTicker({ ...base, planStarter });
  const control = makeControl({ ...base, planStarter, ticker });
  const create = makeCreateCampaign(base);
  const launch = makeLaunch({ create, planStarter, control });
  return { planner, ticker, control, create, launch };
}

/** Reads of campaigns, for the API. */
export function campaignReads(ports: ReadPorts) {
  const read = makeReadCampaign({ ...ports, planReader: makePlanReader(ports) });
  return { read, cursorsOf: makeCursors(ports) };
}

/** Sends to one recipient of a running campaign, for the worker. */
export function recipientUseCases(ports: RecipientPorts, settings: RecipientSettings) {
  const deps = { ...ports, ...settings };
  const runner = makeCampaignRunner(deps);
  return {
    runner,
    sendToRecipient: makeSendToRecipient({
      ...deps,
      runner,
      planReader: makePlanReader(deps),
      countFailures: makeCountFailures(deps),
    }),
  };
}
