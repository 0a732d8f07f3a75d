/*
 * doctor: diagnoses a stage without sending or changing anything.
 *
 * 1. Check the stack and the credentials. Without them, no other check can run.
 * 2. Run all other checks at once. A check that fails is a finding itself.
 * 3. Print the findings, each with what to do.
 */

import { checkClients } from './checks/clients.ts';
import { type Finding, judge } from './checks/finding.ts';
import { checkOwnKeys } from './checks/own-keys.ts';
import {
  checkApiKey,
  checkErasureKey,
  checkHmac,
  checkWebhookSecret,
  clockFinding,
} from './checks/parameters.ts';
import { checkQueues } from './checks/queues.ts';
import { checkBucket, checkBus, checkGateway } from './checks/surroundings.ts';
import { checkTable } from './checks/table.ts';
import { checkSweeper } from './checks/traffic.ts';
import { explain, kindOf } from './explain.ts';
import { openParameters } from './parameters.ts';
import type { Place } from './place.ts';
import { openQueues } from './queues.ts';
import { columns, OpsError, plural, type Report } from './report.ts';
import { openStores } from './stores.ts';

type Check = [name: string, run: () => Promise<Finding[]>];

const couldNot = (name: string, error: unknown): Finding => {
  const is = judge(name);
  const says = explain(error);
  if (kindOf(error) === 'denied') return is.warning(`not checked: ${says}`, 'ask for this permission');
  return is.fault(`not checked: ${says}`, 'fix this, then run doctor again');
};

const attempt = async ([name, run]: Check): Promise<Finding[]> => {
  try {
    return await run();
  } catch (error) {
    return [couldNot(name, error)];
  }
};

/** Undefined also without a table, of which another check tells. */
const proofIn = ({ marker }: ReturnType<typeof openStores>): Promise<string | undefined> =>
  marker.proof().catch(() => undefined);

const checksOf = (place: Place, parameters: ReturnType<typeof openParameters>): Check[] => {
  const stores = openStores(place);
  return [
    ['apiKey', () => checkApiKey(parameters, place)],
    ['apiKeys by number', () => checkOwnKeys(parameters, place)],
    ['webhook secret', () => checkWebhookSecret(parameters, place)],
    ['webhook HMAC', () => checkHmac(parameters, place)],
    ['erasure key', async () => checkErasureKey(parameters, place, await proofIn(stores))],
    ['table', () => checkTable(stores.client, place)],
    ['queues', () => checkQueues(place, openQueues(place.connection))],
    ['event bus', () => checkBus(place)],
    ['bucket', () => checkBucket(place)],
    ['LipaChat', () => checkGateway(place)],
    ['API clients', () => checkClients(stores, place.stage)],
    ['sweeper', () => checkSweeper(stores)],
  ];
};

/** All findings, or only the one that prevents the checks. */
const examine = async (find: () => Promise<Place>): Promise<Finding[]> => {
  const is = judge('credentials');
  try {
    const place = await find();
    const parameters = openParameters(place.connection);
    // Any call does: it shows whether AWS accepts the credentials, and AWS's time.
    await parameters.read(place.settings.API_KEY_PARAMETER).catch((error: unknown) => {
      if (kindOf(error) !== 'denied') throw error;
    });
    const findings = await Promise.all(checksOf(place, parameters).map(attempt));
    return [is.ok('AWS accepts them'), clockFinding(parameters.skewMs()), ...findings.flat()];
  } catch (error) {
    if (error instanceof OpsError && error.exitCode === 2) throw error;
    if (kindOf(error) === 'credentials')
      return [is.fault(explain(error), 'log in to AWS, then run doctor again')];
    return [judge('stack').fault(explain(error), 'fix this, then run doctor again')];
  }
};

const linesOf = (findings: Finding[]): string[] => {
  const rows = columns(findings.map(({ state, check, says }) => [state, check, says]));
  return rows.flatMap((row, index) => {
    const todo = findings[index]?.todo;
    return todo ? [row, `         → ${todo}`] : [row];
  });
};

export const doctor = async (find: () => Promise<Place>): Promise<Report> => {
  const findings = await examine(find);
  const count = (state: Finding['state']): number => findings.filter((one) => one.state === state).length;
  const [ok, warnings, faults] = [count('ok'), count('warning'), count('fault')];
  const summary = `${ok} ok, ${plural(warnings, 'warning')}, ${plural(faults, 'fault')}`;
  return {
    lines: [...linesOf(findings), summary],
    data: { ok, warnings, faults, findings },
    faulty: faults > 0,
  };
};
