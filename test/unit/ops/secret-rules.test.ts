import { describe, expect, it } from 'vitest';
import { clockFinding } from '../../../ops/checks/parameters.ts';
import { apiKeyFault, newSecret, secretsIn, webhookSecretFault } from '../../../ops/secret-rules.ts';

describe('an apiKey', () => {
  it.each(['8f14e45fceea167a5a36dedd4bea2543', 'lk_live_9Qz7Yb2xW', 'A1b2C3d4+/=='])('may be %s', (key) => {
    expect(apiKeyFault(key)).toBeUndefined();
  });

  it.each([
    ['', 'it is empty'],
    ['short', 'it is shorter than 8 characters'],
    ['two words of it', 'it has spaces or characters that an HTTP header cannot carry'],
    ['schlüssel-mit-umlaut', 'it has spaces or characters that an HTTP header cannot carry'],
    ['line\nbreak-in-it', 'it has spaces or characters that an HTTP header cannot carry'],
    ['YOUR_API_KEY', 'it looks like a placeholder'],
    ['<your-key-here>', 'it looks like a placeholder'],
    ['$LIPACHAT_API_KEY', 'it looks like a placeholder'],
    ['lipachat-api-key', 'it looks like a placeholder'],
    ['changeme-please', 'it looks like a placeholder'],
    ['xxxxxxxxxxxx', 'it looks like a placeholder'],
    ['000000000000', 'it looks like a placeholder'],
  ])('may not be %j: %s', (key, fault) => {
    expect(apiKeyFault(key)).toBe(fault);
  });
});

describe('a webhook secret', () => {
  it('that is generated is new each time, and strong enough', () => {
    expect(newSecret()).not.toBe(newSecret());
    expect(webhookSecretFault(newSecret())).toBeUndefined();
  });

  it('may be two during a rotation, with spaces around them', () => {
    const value = ` ${'a'.repeat(32)} , ${'b'.repeat(40)}\n`;
    expect(webhookSecretFault(value)).toBeUndefined();
    expect(secretsIn(value)).toEqual(['a'.repeat(32), 'b'.repeat(40)]);
  });

  it.each([
    ['', 'it is empty'],
    [' , ', 'it is empty'],
    ['a'.repeat(31), 'it has a secret of under 32 characters'],
    [`${'a'.repeat(64)},short`, 'it has a secret of under 32 characters'],
    [
      ['a', 'b', 'c'].map((letter) => letter.repeat(32)).join(),
      'it has 3 secrets; a rotation needs two at most',
    ],
  ])('may not be %j', (value, fault) => {
    expect(webhookSecretFault(value)).toBe(fault);
  });
});

describe("this machine's clock", () => {
  it.each([
    [0, 'ok', 'agrees with AWS'],
    [59_000, 'ok', 'agrees with AWS'],
    [61_000, 'warning', '61 s behind AWS'],
    [-61_000, 'warning', '61 s ahead of AWS'],
    [301_000, 'fault', '301 s behind AWS'],
    [-301_000, 'fault', '301 s ahead of AWS'],
  ])('with AWS %i ms ahead of it is %s', (skewMs, state, says) => {
    expect(clockFinding(skewMs)).toMatchObject({ state, says });
  });

  it('is not known to be right when AWS reported no time', () => {
    expect(clockFinding(undefined).state).toBe('warning');
  });
});
