/** webhook rotate: adds a new secret beside the old one; with --finish, drops the old one. */
import { openParameters } from './parameters.ts';
import type { Place } from './place.ts';
import { command, OpsError, type Report } from './report.ts';
import { newSecret, secretsIn, webhookUrl } from './secret-rules.ts';

const finishing = ({ stage }: Place): string => command(stage, 'webhook rotate --finish');

/** The stored secrets, the newer first. */
const open = async (place: Place) => {
  const name = place.settings.WEBHOOK_SECRET_PARAMETER;
  const parameters = openParameters(place.connection);
  const stored = await parameters.read(name);
  const secrets = secretsIn(stored?.value ?? '');
  if (secrets.length === 0)
    throw new OpsError(`there is no webhook secret in ${name}: run ${command(place.stage, 'setup')} first`);
  return { secrets, write: (value: string) => parameters.write(name, value) };
};

const begin = async (place: Place): Promise<Report> => {
  if (!place.apiUrl) throw new OpsError('the stack has no address of its API: give it as --api-url');
  const { secrets, write } = await open(place);
  if (secrets.length > 1) {
    throw new OpsError(`a rotation is in progress: finish it with ${finishing(place)} first`);
  }
  const secret = newSecret();
  await write([secret, ...secrets].join(','));
  const url = webhookUrl(place.apiUrl, secret);
  return {
    lines: [
      "The webhook's new URL, for LipaChat's settings. It contains the secret and is shown only once:",
      `  ${url}`,
      `The old URL works too, until ${finishing(place)}.`,
    ],
    data: { webhookUrl: url, secrets: 2 },
  };
};

const finish = async (place: Place): Promise<Report> => {
  const { secrets, write } = await open(place);
  const { SECRET_CACHE_SECONDS: seconds } = place.settings;
  if (secrets.length === 1) {
    return { lines: ['There is only one secret; nothing to finish.'], data: { secrets: 1, dropped: 0 } };
  }
  await write(secrets[0] ?? '');
  return {
    lines: [`The old secret is dropped. Running functions stop accepting it within ${seconds} seconds.`],
    data: { secrets: 1, dropped: secrets.length - 1 },
  };
};

export const rotate = (place: Place, options: { finish?: boolean }): Promise<Report> =>
  options.finish ? finish(place) : begin(place);
