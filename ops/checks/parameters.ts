/** Checks a stage's secrets by their form. */
import { proofOf } from '../../src/lib/sessions/erasure-key.ts';
import type { Parameters, StoredParameter } from '../parameters.ts';
import type { Place } from '../place.ts';
import { command } from '../report.ts';
import {
  apiKeyFault,
  erasureKeyFault,
  MIN_SECRET,
  secretsIn,
  signingKeysIn,
  webhookSecretFault,
} from '../secret-rules.ts';
import { type Finding, type Judge, judge } from './finding.ts';

const DRIFT_MS = 60_000;
/** Beyond this, AWS rejects signatures. */
const REFUSED_MS = 300_000;

export const apiKeyFinding = (
  stored: StoredParameter | undefined,
  { check, name, setup }: { check: string; name: string; setup: string },
): Finding => {
  const is: Judge = judge(check);
  if (!stored) return is.fault(`there is no parameter ${name}`, setup);
  if (stored.type !== 'SecureString')
    return is.fault(`${name} is a ${stored.type}, not a SecureString`, setup);
  const fault = apiKeyFault(stored.value);
  return fault ? is.fault(`${name} is not an apiKey: ${fault}`, setup) : is.ok(`${name} is a SecureString`);
};

const secretFinding = ({ stage, settings }: Place, stored: StoredParameter | undefined): Finding => {
  const is: Judge = judge('webhook secret');
  const { WEBHOOK_SECRET_PARAMETER: name } = settings;
  const anew = `${command(stage, 'setup --force')} makes a new one`;
  if (!stored) return is.fault(`there is no parameter ${name}`, `run ${command(stage, 'setup')}`);
  if (stored.type !== 'SecureString')
    return is.fault(`${name} is a ${stored.type}, not a SecureString`, anew);
  const fault = webhookSecretFault(stored.value);
  if (fault) return is.fault(`${name} is not a usable secret: ${fault}`, anew);
  if (secretsIn(stored.value).length === 1) return is.ok(`${name} is a SecureString`);
  const finish = command(stage, 'webhook rotate --finish');
  return is.warning(
    'a rotation is in progress: two secrets are valid',
    `once LipaChat uses the new one, run ${finish}`,
  );
};

/** Compares this machine's clock with AWS's. undefined: AWS's time is not known. */
export const clockFinding = (skewMs: number | undefined): Finding => {
  const is = judge('clock');
  const fix = "set this machine's clock, best by NTP";
  if (skewMs === undefined) return is.warning('AWS sent no time', 'try again');
  const says = `${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs < 0 ? 'ahead of' : 'behind'} AWS`;
  if (Math.abs(skewMs) > REFUSED_MS) return is.fault(says, fix);
  return Math.abs(skewMs) > DRIFT_MS ? is.warning(says, fix) : is.ok('agrees with AWS');
};

export const checkApiKey = async (parameters: Parameters, place: Place): Promise<Finding[]> => [
  apiKeyFinding(await parameters.read(place.settings.API_KEY_PARAMETER), {
    check: 'apiKey',
    name: place.settings.API_KEY_PARAMETER,
    setup: `run ${command(place.stage, 'setup')}`,
  }),
];

export const checkWebhookSecret = async (parameters: Parameters, place: Place): Promise<Finding[]> => [
  secretFinding(place, await parameters.read(place.settings.WEBHOOK_SECRET_PARAMETER)),
];

/** `proof`: the table's, if it has hashes made with a key. */
export const checkErasureKey = async (
  parameters: Parameters,
  { stage, settings }: Place,
  proof: string | undefined,
): Promise<Finding[]> => {
  const is = judge('erasure key');
  const { ERASURE_KEY_PARAMETER: name } = settings;
  const stored = await parameters.read(name);
  if (!stored && proof === undefined)
    return [
      is.fault(`there is no parameter ${name}: nothing can be erased`, `run ${command(stage, 'setup')}`),
    ];
  const restore = 'restore the key of before: without it, nothing is sent to customers who have no session';
  if (!stored)
    return [is.fault(`there is no parameter ${name}, and the table has hashes of its key`, restore)];
  const fault = stored.type === 'SecureString' ? erasureKeyFault(stored.value) : 'it is not a SecureString';
  if (fault) return [is.fault(`${name} is not usable: ${fault}`, `put a SecureString there`)];
  if (proof !== undefined && proofOf(stored.value.trim()) !== proof)
    return [is.fault(`${name} is not the key that the table's hashes were made with`, restore)];
  return [is.ok(`${name} is a SecureString`)];
};

/** Only if callbacks have to be signed. */
export const checkHmac = async (parameters: Parameters, { settings }: Place): Promise<Finding[]> => {
  const { WEBHOOK_HMAC_PARAMETER: name } = settings;
  if (!name) return [];
  const is = judge('webhook HMAC');
  const put = `put LipaChat's signing key into ${name}, as a SecureString`;
  const stored = await parameters.read(name);
  if (!stored) return [is.fault(`there is no parameter ${name}`, put)];
  if (stored.type !== 'SecureString' || stored.value === '')
    return [is.fault(`${name} is not a SecureString with a value`, put)];
  const { usable, ignored } = signingKeysIn(stored.value);
  if (usable === 0)
    return [is.fault(`${name} has no key of ${MIN_SECRET} characters, so no callback is admitted`, put)];
  if (ignored > 0)
    return [is.warning(`${name} has a key that is ignored: it is too short, or no base64`, put)];
  return [is.ok(`${name} is a SecureString`)];
};
