import { readdirSync, readFileSync } from 'node:fs';

/* Inputs beside the project, which are not ours to publish: small cases with the right value, and webhooks of WhatsApp. */

const SHARED = new URL('../../../shared/', import.meta.url);

const parsed = (path: string): unknown => JSON.parse(readFileSync(new URL(path, SHARED), 'utf8'));

const namesIn = (directory: string) =>
  readdirSync(new URL(directory, SHARED)).filter((name) => name.endsWith('.json'));

/** The body of a case, by the number that its file begins with. */
export function sharedCase(number: string): unknown {
  const name = namesIn('cases/').find((file) => file.startsWith(`${number}-`));
  if (name === undefined) throw new Error(`no case ${number}`);
  return parsed(`cases/${name}`);
}

/** WhatsApp's webhooks, as `file/name` and body. */
export function sharedWebhooks(): readonly (readonly [string, unknown])[] {
  return namesIn('webhooks/').flatMap((file) =>
    Object.entries(parsed(`webhooks/${file}`) as Record<string, unknown>).map(
      ([name, body]) => [`${file.replace('.json', '')}/${name}`, body] as const,
    ),
  );
}
