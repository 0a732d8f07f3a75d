/**
 * Replaces the loader of the SDK's settings in the bundles: from the environment, else the default. The SDK also looks
 * into ~/.aws, which Lambda doesn't have, and makes an error for each place without the setting.
 */

interface Setting<T> {
  readonly environmentVariableSelector: (env: NodeJS.ProcessEnv, options: unknown) => T | undefined;
  readonly default: T | (() => T | Promise<T>);
}

/** A provider of one setting, which is read once. Invalid text counts as missing, as in the SDK. */
export function loadConfig<T>(setting: Setting<T>, options: unknown = {}): () => Promise<T> {
  let known: Promise<T> | undefined;
  return () => {
    known ??= load(setting, options);
    return known;
  };
}

async function load<T>({ environmentVariableSelector, default: otherwise }: Setting<T>, options: unknown) {
  const given = selected(() => environmentVariableSelector(process.env, options));
  if (given !== undefined) return given;
  return otherwise instanceof Function ? await otherwise() : otherwise;
}

function selected<T>(select: () => T | undefined): T | undefined {
  try {
    return select();
  } catch {
    return undefined;
  }
}
