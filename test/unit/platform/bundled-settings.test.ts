import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../../../scripts/lighter/settings.ts';

const SETTING = 'AWS_RETRY_MODE';

const setting = {
  environmentVariableSelector: (env: NodeJS.ProcessEnv) => {
    if (env[SETTING] === 'invalid') throw new Error('not a mode');
    return env[SETTING];
  },
  default: 'standard',
};

afterEach(() => vi.unstubAllEnvs());

describe('a setting of the SDK in a bundle', () => {
  it('comes from the environment', async () => {
    vi.stubEnv(SETTING, 'adaptive');
    expect(await loadConfig(setting)()).toBe('adaptive');
  });

  it('is the default if the environment lacks it', async () => {
    vi.stubEnv(SETTING, undefined);
    expect(await loadConfig(setting)()).toBe('standard');
    expect(await loadConfig({ ...setting, default: () => Promise.resolve('computed') })()).toBe('computed');
  });

  it('is the default if the environment has an invalid one, as in the SDK', async () => {
    vi.stubEnv(SETTING, 'invalid');
    expect(await loadConfig(setting)()).toBe('standard');
  });

  it('is refused with the error of its default', async () => {
    vi.stubEnv(SETTING, undefined);
    const missing = () => {
      throw new Error('the region is missing');
    };
    await expect(loadConfig({ ...setting, default: missing })()).rejects.toThrow('the region is missing');
  });

  it('is read once, and sees the options of its client', async () => {
    const environmentVariableSelector = vi.fn(() => 'given');
    const options = { signingName: 'dynamodb' };
    const load = loadConfig({ environmentVariableSelector, default: '' }, options);
    expect([await load(), await load()]).toEqual(['given', 'given']);
    expect(environmentVariableSelector.mock.calls).toEqual([[process.env, options]]);
  });
});
