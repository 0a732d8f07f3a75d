/*
 * setup --number: the apiKey of one business number, where it has a LipaChat account of its own.
 *
 * 1. Read the apiKey without echo, check its form, and store it. Empty input keeps the stored one.
 * 2. Say whether the stage uses it: with a list in `ownKeys`, only its numbers have a key of their own.
 */
import { ownKeyParameter } from '../../src/lib/lipachat/api-keys.ts';
import { parsePhoneNumber } from '../../src/lib/whatsapp/phone.ts';
import { masked } from '../masks.ts';
import { openParameters } from '../parameters.ts';
import type { Place } from '../place.ts';
import { type Io, misuse, type Report } from '../report.ts';
import { storeApiKey } from './setup.ts';

type Options = { number: string; force?: boolean; showNumbers?: boolean };

/** For stage `local`, `ownKeys` is a variable. */
const listing = (number: string, stage: string): string =>
  stage === 'local'
    ? `start the system with ${number} in NUMBERS_WITH_OWN_KEY`
    : `add ${number} to ownKeys under the stage's params in serverless.yml, and deploy`;

export const setupNumber = async (place: Place, options: Options, io: Io): Promise<Report> => {
  const business = parsePhoneNumber(options.number);
  if (!business) throw misuse('--number must be a phone number with its country code');
  if (options.force) throw misuse('--force is about the webhook secret, which --number leaves alone');
  const { stage, settings, connection } = place;
  const name = ownKeyParameter(stage, business);
  const apiKey = await storeApiKey(openParameters(connection), name, io);
  const isListed = settings.NUMBERS_WITH_OWN_KEY?.includes(business) ?? true;
  const shown = options.showNumbers ? business : masked(business);
  return {
    lines: [
      `apiKey  ${apiKey}, ${ownKeyParameter(stage, shown)}`,
      isListed
        ? `${shown} sends with it, within 30 s of a refusal of the old one.`
        : `Not in use yet: ${listing(shown, stage)}. Until then ${shown} sends with the stage's apiKey.`,
    ],
    data: { apiKey, number: shown, inUse: isListed },
  };
};
