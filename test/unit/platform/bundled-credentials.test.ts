import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultProvider } from '../../../scripts/lighter/credentials.ts';

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  vi.stubEnv('AWS_SESSION_TOKEN', 'token');
});
afterEach(() => vi.unstubAllEnvs());

describe("a function's credentials", () => {
  it('are those of its role, as Lambda sets them in the environment', async () => {
    const credentials = await defaultProvider()();
    expect(credentials).toEqual({ accessKeyId: 'key', secretAccessKey: 'secret', sessionToken: 'token' });
  });

  it('need no session token when an emulator sets none', async () => {
    vi.stubEnv('AWS_SESSION_TOKEN', undefined);
    expect(await defaultProvider()()).toEqual({ accessKeyId: 'key', secretAccessKey: 'secret' });
  });

  it('are read once in a process', async () => {
    const provider = defaultProvider();
    const first = await provider();
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'other');
    expect(await provider()).toBe(first);
  });

  it.each(['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])(
    'are not looked for elsewhere without %s',
    async (name) => {
      vi.stubEnv(name, undefined);
      await expect(defaultProvider()()).rejects.toThrow(name);
    },
  );
});
