/** Checks the apiKeys of the business numbers that have a LipaChat account of their own. */
import { ownKeyParameter } from '../../src/lib/lipachat/api-keys.ts';
import { parsePhoneNumber } from '../../src/lib/whatsapp/phone.ts';
import { masked } from '../masks.ts';
import type { Parameters } from '../parameters.ts';
import type { Place } from '../place.ts';
import { command } from '../report.ts';
import { type Finding, judge } from './finding.ts';
import { apiKeyFinding } from './parameters.ts';

/** One finding for each number. One call at a time: the account's rate belongs to the functions. */
export const checkOwnKeys = async (parameters: Parameters, place: Place): Promise<Finding[]> => {
  const findings: Finding[] = [];
  for (const number of place.settings.NUMBERS_WITH_OWN_KEY ?? []) {
    const shown = masked(number);
    const check = `apiKey of ${shown}`;
    const asSent = parsePhoneNumber(number);
    if (asSent !== number) {
      findings.push(
        asSent
          ? judge(check).fault('sends spell this number in another way', `write ${masked(asSent)} in ownKeys`)
          : judge(check).fault('it is no possible phone number', 'correct it in ownKeys'),
      );
      continue;
    }
    findings.push(
      apiKeyFinding(await parameters.read(ownKeyParameter(place.stage, number)), {
        check,
        name: ownKeyParameter(place.stage, shown),
        setup: `run ${command(place.stage, `setup --number ${shown}`)}`,
      }),
    );
  }
  return findings;
};
