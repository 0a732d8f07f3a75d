import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/lib/platform/config.ts';

const read = (environment: Record<string, string | undefined>) =>
  readConfig({ TABLE_NAME: 'table', ...environment });

/** The message with which an invalid setting stops init. */
function faultOf(environment: Record<string, string | undefined>): string {
  try {
    read(environment);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was taken for a good one');
}

describe('settings', () => {
  it('have the defaults that the contract names', () => {
    expect(read({ STAGE: 'prod' })).toMatchObject({
      LIPACHAT_BASE_URL: 'https://gateway.lipachat.com/api/v1',
      API_KEY_PARAMETER: '/lipaflow/prod/lipachat/api-key',
      WEBHOOK_SECRET_PARAMETER: '/lipaflow/prod/webhook/secret',
      SECRET_CACHE_SECONDS: 300,
      WEBHOOK_TOLERANCE_SECONDS: 300,
      GATEWAY_DEADLINE_MS: 20_000,
      GATEWAY_ATTEMPTS: 2,
      LEASE_SECONDS: 60,
      AMBIGUOUS_OUTCOME: 'resend',
      RESEND_HORIZON_SECONDS: 900,
      RETENTION_DAYS: 30,
      SESSION_MARGIN_SECONDS: 60,
      SEND_TO_USER_IDS: 'false',
      LOG_LEVEL: 'INFO',
    });
  });

  it('stay unset when they have no default', () => {
    const { WEBHOOK_HMAC_PARAMETER, DEFAULT_FROM } = read({});
    expect([WEBHOOK_HMAC_PARAMETER, DEFAULT_FROM]).toEqual([undefined, undefined]);
  });

  it('are read from the environment', () => {
    const environment = {
      API_KEY_PARAMETER: '/k',
      WEBHOOK_SECRET_PARAMETER: '/s',
      WEBHOOK_HMAC_PARAMETER: '/h',
      SECRET_CACHE_SECONDS: '0',
      DEFAULT_FROM: '+254110090747',
      GATEWAY_DEADLINE_MS: '5000',
      GATEWAY_ATTEMPTS: '3',
      LEASE_SECONDS: '30',
      AMBIGUOUS_OUTCOME: 'hold',
      RESEND_HORIZON_SECONDS: '60',
      RETENTION_DAYS: '7',
      SESSION_MARGIN_SECONDS: '0',
      SEND_TO_USER_IDS: 'true',
      LOG_LEVEL: 'DEBUG',
    };
    const numbers = Object.entries(environment).map(([name, value]) => [
      name,
      /^\d+$/.test(value) ? Number(value) : value,
    ]);
    expect(read(environment)).toMatchObject(Object.fromEntries(numbers));
  });

  it('count as unset when they are empty', () => {
    expect(read({ LEASE_SECONDS: '', DEFAULT_FROM: '', LOG_LEVEL: '', WEBHOOK_HMAC_PARAMETER: '' })).toEqual(
      read({}),
    );
    expect(() => readConfig({ TABLE_NAME: '' })).toThrow(/TABLE_NAME/);
  });

  it.each([
    ['TABLE_NAME', undefined],
    ['SECRET_CACHE_SECONDS', '-1'],
    ['WEBHOOK_TOLERANCE_SECONDS', '0'],
    ['GATEWAY_DEADLINE_MS', 'soon'],
    ['GATEWAY_DEADLINE_MS', '0'],
    ['GATEWAY_ATTEMPTS', '0'],
    ['GATEWAY_ATTEMPTS', '1.5'],
    ['LEASE_SECONDS', '0'],
    ['AMBIGUOUS_OUTCOME', 'retry'],
    ['AMBIGUOUS_OUTCOME', 'Hold'],
    ['RESEND_HORIZON_SECONDS', '-5'],
    ['RETENTION_DAYS', '0'],
    ['SESSION_MARGIN_SECONDS', 'sixty'],
    ['SEND_TO_USER_IDS', 'yes'],
    ['LOG_LEVEL', 'LOUD'],
    ['LIPACHAT_BASE_URL', 'gateway.lipachat.com'],
  ])('stop init with the name %s when it is %j', (name, value) => {
    expect(faultOf({ [name]: value })).toContain(name);
  });

  it('list the numbers with a key of their own, once each and by their digits', () => {
    expect(read({ NUMBERS_WITH_OWN_KEY: '+254 110-090 747, 254110090748,,254110090747 ,' })).toMatchObject({
      NUMBERS_WITH_OWN_KEY: ['254110090747', '254110090748'],
    });
    for (const none of ['none', ' none ', ' ', ','])
      expect(read({ NUMBERS_WITH_OWN_KEY: none }).NUMBERS_WITH_OWN_KEY).toEqual([]);
    for (const unset of [undefined, ''])
      expect(read({ NUMBERS_WITH_OWN_KEY: unset }).NUMBERS_WITH_OWN_KEY).toBeUndefined();
  });

  it.each([
    ['a name', 'shop'],
    ['a path', '254110090747/../api-key'],
    ['a number that is too short', '254110'],
    ['a number that is too long', '2541100907471234'],
    ['more than 200', Array.from({ length: 201 }, (_, n) => 254_110_000_000 + n).join(',')],
  ])('refuse a list of numbers with %s, without showing it', (_, list) => {
    const fault = faultOf({ NUMBERS_WITH_OWN_KEY: list });
    expect(fault).toContain('NUMBERS_WITH_OWN_KEY');
    expect(fault).not.toContain('254110');
  });

  it('name every invalid variable at once', () => {
    const fault = faultOf({ TABLE_NAME: undefined, LEASE_SECONDS: 'x', LOG_LEVEL: 'y' });
    for (const name of ['TABLE_NAME', 'LEASE_SECONDS', 'LOG_LEVEL']) {
      expect(fault).toContain(name);
    }
  });

  it('show no value of an invalid variable', () => {
    const canary = 'canary-7f3a';
    const names = ['LEASE_SECONDS', 'LOG_LEVEL', 'AMBIGUOUS_OUTCOME', 'GATEWAY_ATTEMPTS'];
    const bad = Object.fromEntries(names.map((name) => [name, canary]));
    const url = `https://user:${canary}@gateway.lipachat.com`;
    expect(faultOf({ ...bad, LIPACHAT_BASE_URL: url })).not.toContain(canary);
  });
});

describe('LIPACHAT_BASE_URL', () => {
  it.each([
    'https://gateway.lipachat.com/api/v1',
    'https://gateway.lipachat.com',
    'https://gateway.lipachat.com:8443/x',
    'http://127.0.0.1:4010/api/v1',
    'http://127.1.2.3/api',
    'http://localhost:4010',
    'http://[::1]:4010/api/v1',
  ])('may be %s', (url) => {
    expect(read({ LIPACHAT_BASE_URL: url }).LIPACHAT_BASE_URL).toBe(url);
  });

  it('loses its trailing slashes, so that a path can follow', () => {
    expect(read({ LIPACHAT_BASE_URL: 'https://gateway.lipachat.com/api/v1//' }).LIPACHAT_BASE_URL).toBe(
      'https://gateway.lipachat.com/api/v1',
    );
  });

  it.each([
    ['http to another host', 'http://gateway.lipachat.com/api/v1'],
    ['a host that only begins like loopback', 'http://127.0.0.1.example.com'],
    ['a host that only ends like loopback', 'http://notlocalhost'],
    ['loopback’s name under another domain', 'http://localhost.example.com'],
    ['a user', 'https://user@gateway.lipachat.com'],
    ['a password', 'https://:secret@gateway.lipachat.com'],
    ['a query', 'https://gateway.lipachat.com/api?key=1'],
    ['an empty query', 'https://gateway.lipachat.com/api?'],
    ['a fragment', 'https://gateway.lipachat.com/api#v1'],
    ['an empty fragment', 'https://gateway.lipachat.com/api#'],
    ['another scheme', 'ftp://gateway.lipachat.com'],
    ['a file', 'file:///etc/passwd'],
    ['no URL', 'not a url'],
  ])('may not be %s', (_, url) => {
    expect(faultOf({ LIPACHAT_BASE_URL: url })).toContain('LIPACHAT_BASE_URL');
  });
});
