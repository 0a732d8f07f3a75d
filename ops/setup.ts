/*
 * setup: a stage's secrets.
 *
 * 1. The place is looked up: without the API's address, nothing is written.
 * 2. The apiKey is read without echo, checked by its looks, and stored. Nothing entered keeps what is there.
 * 3. A webhook secret is made where there is none; with --force over the one that is there.
 * 4. What LipaChat's settings take is printed; a new secret is shown this once.
 */
import { askSecretly } from './ask.ts';
import { openParameters, type Parameters } from './parameters.ts';
import type { Place } from './place.ts';
import { command, type Io, misuse, OpsError, type Report } from './report.ts';
import { apiKeyFault, hiddenWebhookUrl, newSecret, webhookUrl } from './secret-rules.ts';

type ApiKeyOutcome = 'stored' | 'kept';
type SecretOutcome =
  | { outcome: 'created' | 'replaced'; secret: string }
  | { outcome: 'kept'; secret?: never };

const storeApiKey = async (parameters: Parameters, name: string, io: Io): Promise<ApiKeyOutcome> => {
  const known = await parameters.read(name);
  const entered = await askSecretly(`LipaChat's apiKey${known ? ' (Enter keeps the stored one)' : ''}: `, io);
  if (entered === '' && known) return 'kept';
  const fault = apiKeyFault(entered);
  if (fault) throw misuse(`this is no apiKey: ${fault}. Nothing was changed`);
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

export const setup = async (place: Place, options: { force?: boolean }, io: Io): Promise<Report> => {
  const { API_KEY_PARAMETER, WEBHOOK_SECRET_PARAMETER } = place.settings;
  if (!place.apiUrl) throw new OpsError('the stack has no address of its API: give it as --api-url');
  const parameters = openParameters(place.connection);
  const apiKey = await storeApiKey(parameters, API_KEY_PARAMETER, io);
  const overwrite = options.force ? 'overwrite' : 'keep';
  const { outcome, secret } = await storeWebhookSecret(parameters, WEBHOOK_SECRET_PARAMETER, overwrite);
  const url = secret ? webhookUrl(place.apiUrl, secret) : hiddenWebhookUrl(place.apiUrl);
  return {
    lines: [
      `apiKey          ${apiKey}, ${API_KEY_PARAMETER}`,
      `webhook secret  ${outcome}, ${WEBHOOK_SECRET_PARAMETER}`,
      '',
      "The webhook's URL, for LipaChat's settings:",
      `  ${url}`,
      secret
        ? 'It holds the secret, and is shown this once.'
        : `Lost it? ${command(place.stage, 'webhook rotate')} makes a new one.`,
    ],
    data: { apiKey, webhookSecret: outcome, webhookUrl: url },
  };
};
