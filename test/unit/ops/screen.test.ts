/** What the operator's commands print, and how they read the keyboard. */

import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { askSecretly } from '../../../ops/ask.ts';
import { explain, kindOf } from '../../../ops/explain.ts';
import { masked, maskedJson, maskedText } from '../../../ops/masks.ts';
import { columns, OpsError, printable, printableLines } from '../../../ops/report.ts';
import { ago, bothTimes } from '../../../ops/times.ts';
import { AppError } from '../../../src/lib/platform/errors.ts';
import { opsHere } from '../../support/ops.ts';

const named = (name: string, message: string, extra: object = {}): Error =>
  Object.assign(new Error(message), { name, ...extra });

describe('a phone number', () => {
  it.each([
    ['254717746565', '254******565'],
    ['12345678', '123**678'],
    ['1234567', '*******'],
    ['', ''],
  ])('%s is masked as %s', (number, shown) => {
    expect(masked(number)).toBe(shown);
  });

  it('is masked inside other text, too', () => {
    expect(maskedText('131026: 254717746565 is not on WhatsApp')).toBe(
      '131026: 254******565 is not on WhatsApp',
    );
  });
});

describe('a user id', () => {
  it.each(['KE.12ab34cd', 'US.13491208655302741918', 'KE.1234567abcdefgh', 'KE.ENT.1234567abcdefgh'])(
    '%s is masked as a whole',
    (id) => {
      expect(maskedJson(`{"from_user_id":"${id}"}`)).toBe('{"from_user_id":"…"}');
    },
  );
});

describe('an instant', () => {
  const at = new Date('2026-01-01T21:30:05.999Z');

  it("is printed in UTC and in the machine's zone, where it may fall on another day", () => {
    expect(bothTimes(at, 'Africa/Nairobi')).toMatch(
      /^2026-01-01 21:30:05 UTC \(02 Jan, 00:30:05 (EAT|GMT\+3)\)$/,
    );
  });

  it.each([
    [0, '0 s ago'],
    [59, '59 s ago'],
    [60, '1 min ago'],
    [7_199, '1 h ago'],
    [200_000, '2 d ago'],
    [-90, 'in 1 min'],
  ])('%i seconds old is printed as %s', (seconds, text) => {
    expect(ago(at, new Date(at.getTime() + seconds * 1000))).toBe(text);
  });
});

describe('columns', () => {
  it('are as wide as their widest cell, with no spaces at the end', () => {
    expect(
      columns([
        ['a', 'bb', 'c'],
        ['aaa', 'b', 'cc'],
      ]),
    ).toEqual(['a    bb  c', 'aaa  b   cc']);
  });
});

describe('an error of AWS', () => {
  it('is never printed with a message that may quote what was sent', () => {
    const fault = named('ValidationException', "Value 'canary' at 'value' failed to satisfy constraint");
    expect(explain(fault)).toBe('the call failed (ValidationException)');
    expect(explain(new AppError('store-unavailable', 'The store did not answer.', { cause: fault }))).toBe(
      'the call failed (ValidationException)',
    );
  });

  it('names the permission that is missing', () => {
    const fault = named('AccessDeniedException', 'User: me is not authorized to perform: ssm:GetParameter');
    expect(kindOf(fault)).toBe('denied');
    expect(explain(fault)).toMatch(/^a permission is missing: .* ssm:GetParameter$/);
  });

  it.each([
    [named('ExpiredTokenException', 'canary'), 'credentials'],
    [named('CredentialsProviderError', 'canary'), 'credentials'],
    [named('Error', 'connect', { code: 'ECONNREFUSED' }), 'unreachable'],
    [named('TimeoutError', 'canary'), 'unreachable'],
    ['no error at all', 'other'],
  ])('such as %s is of the kind %s', (fault, kind) => {
    expect(kindOf(fault)).toBe(kind);
    expect(explain(fault)).not.toContain('canary');
  });
});

describe('a secret from the keyboard', () => {
  const terminal = () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const io = { stdin, stdout, stderr, env: {} };
    const shown = (): string => `${stdout.read() ?? ''}${stderr.read() ?? ''}`;
    return { io, type: (keys: string) => stdin.write(keys), shown };
  };

  it('is read up to Enter, without spaces around it, and is never shown', async () => {
    const { io, type, shown } = terminal();
    const asked = askSecretly('apiKey: ', io);
    await setImmediate();
    type(' k3y-canary \r');
    expect(await asked).toBe('k3y-canary');
    expect(shown()).toBe('apiKey: \n');
  });

  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('is cancelled with %s', async (_key, code) => {
    const { io, type } = terminal();
    const asked = askSecretly('apiKey: ', io);
    await setImmediate();
    type(code);
    await expect(asked).rejects.toThrow(OpsError);
  });
});

describe('the command line', () => {
  const LOCAL = ['--stage', 'local'];
  // Nothing listens on this port: a command that is refused up front never gets this far.
  const env = { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' };

  it.each([
    [[], /Usage: npm run ops --/],
    [['bogus'], /unknown command 'bogus'/],
    [['client'], /Usage: .* client/],
    [['client', 'create', 'crm', ...LOCAL], /required option '--scopes <scopes>'/],
    [
      ['client', 'create', 'crm', '--scopes', 'send,fly', ...LOCAL],
      /--scopes takes send, read, campaigns, consent, admin/,
    ],
    [['client', 'create', 'iam', '--scopes', 'send', ...LOCAL], /a name is up to 64 of/],
    [['client', 'create', 'C R M', '--scopes', 'send', ...LOCAL], /a name is up to 64 of/],
    [['message', 'no id', ...LOCAL], /a messageId is 1 to 128 of/],
    [['session', '254110090747', '12', ...LOCAL], /<to> must be a phone number/],
    [['session', '254110090747', ...LOCAL], /missing required argument 'to'/],
    [['doctor', '--bogus'], /unknown option '--bogus'/],
    [['doctor', '--stage', 'not/a/stage'], /a stage has only letters, digits and hyphens/],
    [['client', 'list', '--stage', 'not/a/stage'], /a stage has only letters, digits and hyphens/],
  ])('rejects %j with exit code 2 and the reason', async (args, reason) => {
    const { exitCode, stdout, stderr } = await opsHere(args, { env });
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(reason);
  });

  it.each([
    [['--help'], /setup .* doctor /s],
    [['help', 'doctor'], /check everything that can be wrong/],
    [['setup', '--help'], /--force/],
    [['client', 'create', '--help'], /--scopes <scopes>/],
    [['client', 'list', '--help'], /without their tokens/],
    [['client', 'revoke', '--help'], /--token <id>/],
    [['webhook', 'rotate', '--help'], /--finish/],
    [['dlq', 'list', '--help'], /dead-letter queues/],
    [['dlq', 'redrive', '--help'], /<queue>/],
    [['message', '--help'], /--show-numbers/],
    [['session', '--help'], /<from> <to>/],
    [['doctor', '--help'], /--stage <stage>/],
  ])('prints help for %j with exit code 0', async (args, text) => {
    const { exitCode, stdout, stderr } = await opsHere(args, { env });
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(text);
  });
});

describe('a text of a customer or of LipaChat', () => {
  it.each([
    ['\u001b[2J\u001b]0;owned\u0007', '\\u001b[2J\\u001b]0;owned\\u0007'],
    ['\u009b31m', '\\u009b31m'],
    ['none\r\nstatus    read', 'none\\u000d\\u000astatus    read'],
    ['a\u202eb\u2066c', 'a\\u202eb\\u2066c'],
    ['Zoë 😀\u200d: déjà vu', 'Zoë 😀\u200d: déjà vu'],
  ])('%j is printed as %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('stays the same text in JSON, without what a terminal obeys', () => {
    const data = { detail: '\u001b[2J \u009b31m \u202e\n', list: [1] };
    const json = printableLines(JSON.stringify(data, undefined, 2));
    expect(JSON.parse(json)).toEqual(data);
    expect(json.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
  });
});
