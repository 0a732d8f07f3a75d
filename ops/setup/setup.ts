/*
 * setup: a stage's secrets.
 *
 * 1. Find the API's URL. Without it, nothing is written.
 * 2. Read the apiKey without echo, check its form, and store it. Empty input keeps the stored one.
 * 3. Create the webhook secret if there is none. With --force, replace it.
 * 4. Create the erasure key if there is none. It is never shown, and never replaced.
 * 5. Print the webhook URL for LipaChat's settings. A new secret is shown only once.
 */
import { askSecretly } from '../ask.ts';
import { openParameters, type Parameters } from '../parameters.ts';
import type { Place } from '../place.ts';
import { command, type Io, misuse, OpsError, type Report } from '../report.ts';
import { apiKeyFault, hiddenWebhookUrl, newErasureKey, newSecret, webhookUrl } from '../secret-rules.ts';

type ApiKeyOutcome = 'stored' | 'kept';
type SecretOutcome =
  | { outcome: 'created' | 'replaced'; secret: string }
  | { outcome: 'kept'; secret?: never };

/** Asks for the key and stores it under this name. */
export const storeApiKey = async (parameters: Parameters, name: string, io: Io): Promise<ApiKeyOutcome> => {
  const known = await parameters.read(name);
  const entered = await askSecretly(`LipaChat's apiKey${known ? ' (Enter keeps the stored one)' : ''}: `, io);
  if (entered === '' && known) return 'kept';
  const fault = apiKeyFault(entered);
  if (fault) throw misuse(`this is not an apiKey: ${fault}. Nothing was changed`);
  await parameters.write(name, entered);
  return 'stored';
};

const storeWebhookSecret = async (
  parameters: Parameters,
  name: string,
  overwrite: 'overwrite' | 'keep',
): Promise<SecretOutcome> => {
  const secret = newSecret();
  if (await parameters.create(name, secret)) return { outcome: 'created', secret };
  if (overwrite === 'keep') return { outcome: 'kept' };
  await parameters.write(name, secret);
  return { outcome: 'replaced', secret };
};

/** Keeps a key that is there: with another one, the opt-outs of erased customers would be lost. */
const storeErasureKey = async (parameters: Parameters, name: string): Promise<'created' | 'kept'> =>
  (await parameters.create(name, newErasureKey())) ? 'created' : 'kept';

export const setup = async (place: Place, options: { force?: boolean }, io: Io): Promise<Report> => {
  const { API_KEY_PARAMETER, WEBHOOK_SECRET_PARAMETER, ERASURE_KEY_PARAMETER } = place.settings;
  if (!place.apiUrl) throw new OpsError('the stack has no API URL: pass it as --api-url');
  const parameters = openParameters(place.connection);
  const apiKey = await storeApiKey(parameters, API_KEY_PARAMETER, io);
  const overwrite = options.force ? 'overwrite' : 'keep';
  const { outcome, secret } = await storeWebhookSecret(parameters, WEBHOOK_SECRET_PARAMETER, overwrite);
  const erasureKey = await storeErasureKey(parameters, ERASURE_KEY_PARAMETER);
  const url = secret ? webhookUrl(place.apiUrl, secret) : hiddenWebhookUrl(place.apiUrl);
  return {
    lines: [
      `apiKey          ${apiKey}, ${API_KEY_PARAMETER}`,
      `webhook secret  ${outcome}, ${WEBHOOK_SECRET_PARAMETER}`,
      `erasure key     ${erasureKey}, ${ERASURE_KEY_PARAMETER}`,
      '',
      "The webhook's URL, for LipaChat's settings:",
      `  ${url}`,
      secret
        ? 'It contains the secret and is shown only once.'
        : `Lost it? ${command(place.stage, 'webhook rotate')} makes a new one.`,
    ],
    data: { apiKey, webhookSecret: outcome, erasureKey, webhookUrl: url },
  };
};
