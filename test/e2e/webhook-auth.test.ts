import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, answerOfHttp } from '../support/fleet/answer.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { until } from '../support/fleet/wait.ts';

const HMAC_PARAMETER = '/lipaflow/local/webhook/hmac';
const MIB = 1024 * 1024;

let fleet: Fleet;
let hmacKey: string;

beforeAll(async () => {
  fleet = await startFleet({ settings: { SECRET_CACHE_SECONDS: '0' } });
  hmacKey = fleet.canaries.secret('hmac');
  await fleet.aws.setParameter(HMAC_PARAMETER, hmacKey);
});
afterAll(() => fleet.stop());

type Post = { secret?: string; signature?: string | undefined; headers?: Record<string, string> };

const post = async (body: string | Buffer, { secret, signature, headers = {} }: Post): Promise<Answer> => {
  const url = `${fleet.url}/v1/webhooks/lipachat/${secret ?? fleet.webhookSecret}`;
  const signed: Record<string, string> = signature === undefined ? {} : { 'X-Hub-Signature-256': signature };
  return answerOfHttp(
    await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...signed, ...headers },
      body: typeof body === 'string' ? body : new Uint8Array(body),
    }),
  );
};

const sign = (body: string | Buffer, key = hmacKey): string =>
  `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;

const inbound = (customer: string, text = 'Habari 👋 — “@Zoë”'): string =>
  `{ "messageId": "wamid.${customer}", "from":"${customer}","to":"${fleet.business}","type":"TEXT", "text":"${text}" }`;

const opened = async (customer: string): Promise<boolean> =>
  (await fleet.table.session(fleet.business, customer)) !== undefined;

/** The answer to everything that is turned away, but for the correlation id. */
const expectTurnedAway = (answer: Answer): void => {
  expect(answer).toMatchObject({ status: 401, text: '{"message":"Unauthorized"}' });
  expect(answer.headers['content-type']).toBe('application/json');
};

describe('a wrong secret', () => {
  const wrong: [string, (right: string) => string][] = [
    ['another one', () => 'another-secret-that-is-long-enough-to-be-one'],
    ['cut by one character', (right) => right.slice(0, -1)],
    ['cut to nothing but its beginning', (right) => right.slice(0, 8)],
    ['with a character more', (right) => `${right}0`],
    ['in upper case', (right) => right.toUpperCase()],
    ['with a blank', (right) => `${right}%20`],
    ['with a comma', (right) => `${right}%2C`],
    ['twice, comma between', (right) => `${right}%2C${right}`],
  ];
  it.each(wrong)('is turned away, and nothing is written: %s', async (_how, spoil) => {
    const stored = await fleet.table.asText();
    expectTurnedAway(await post(inbound('254711000001'), { secret: spoil(fleet.webhookSecret) }));
    expect(await fleet.table.asText()).toBe(stored);
  });

  it('is turned away before its body is looked at', async () => {
    expectTurnedAway(await post('no json', { secret: 'x'.repeat(40) }));
    expectTurnedAway(await post(Buffer.alloc(MIB + 1, 'x'), { secret: 'x'.repeat(40) }));
  });
});

describe('a body', () => {
  const padded = (bytes: number, customer: string): string => {
    const body = inbound(customer);
    return body + ' '.repeat(bytes - Buffer.byteLength(body));
  };

  it('of 1 MiB is taken', async () => {
    const customer = fleet.canaries.number();
    expect(await post(padded(MIB, customer), {})).toMatchObject({ status: 200, json: { received: 1 } });
    expect(await opened(customer)).toBe(true);
  });

  it('of 1 MiB and a byte is too large, and nothing is written', async () => {
    const customer = fleet.canaries.number();
    const stored = await fleet.table.asText();
    expect(await post(padded(MIB + 1, customer), {})).toMatchObject({
      status: 413,
      json: { code: 'payload-too-large' },
    });
    expect(await fleet.table.asText()).toBe(stored);
  });

  it.each([
    ['no JSON', '{'],
    ['nothing', ''],
  ])('that is %s is a 400', async (_what, body) => {
    expect(await post(body, {})).toMatchObject({ status: 400, json: { code: 'invalid-request' } });
  });

  it('that is no UTF-8 is a 400', async () => {
    const headers = { 'content-type': 'application/octet-stream' };
    expect((await post(Buffer.from([0x22, 0xff, 0xfe, 0x22]), { headers })).status).toBe(400);
  });

  it.each([
    ['null', 'null'],
    ['a text', '"hello"'],
    ['an unknown event', '{"event":"ACCOUNT_REVIEW","accountReview":{"status":"OK"}}'],
    ['a list of lists', '[[[{}]]]'],
    ['a hundred thousand lists in each other', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ])('that nobody understands is kept, and answered with 200: %s', async (_what, body) => {
    const kept = async () => (await fleet.table.items()).filter(({ pk }) => pk.startsWith('raw#')).length;
    const before = await kept();
    expect(await post(body, {})).toMatchObject({ status: 200, json: { received: 1 } });
    expect(await kept()).toBe(before + 1);
    expect((await post(body, {})).status).toBe(200);
    expect(await kept()).toBe(before + 1);
  });

  it('that comes base64-encoded means the same', async () => {
    const customer = fleet.canaries.number();
    const headers = { 'content-type': 'application/octet-stream' };
    expect(await post(inbound(customer), { headers })).toMatchObject({ status: 200, json: { received: 1 } });
    expect(await opened(customer)).toBe(true);
  });
});

describe('while the secret is rotated', () => {
  const setSecret = (value: string) =>
    fleet.aws.setParameter(fleet.environment.WEBHOOK_SECRET_PARAMETER, value);

  it('two count, and the old one no more once it is gone', async () => {
    const next = fleet.canaries.secret('webhook-next');
    await setSecret(`${fleet.webhookSecret}, ${next}`);
    await until('the new secret to count', async () => {
      return (await post(inbound('254711000002'), { secret: next })).status === 200;
    });
    expect((await post(inbound('254711000003'), {})).status).toBe(200);
    expectTurnedAway(await post('[]', { secret: encodeURIComponent(`${fleet.webhookSecret}, ${next}`) }));

    await setSecret(next);
    await until('the old secret to be refused', async () => (await post('[]', {})).status === 401);
    expectTurnedAway(await post('[]', {}));
    expect((await post('[]', { secret: next })).status).toBe(200);
    await setSecret(fleet.webhookSecret);
    await until('the first secret to count again', async () => (await post('[]', {})).status === 200);
  });
});

describe('with a signature required', () => {
  beforeAll(() => fleet.replace('webhook', { WEBHOOK_HMAC_PARAMETER: HMAC_PARAMETER }));

  const wrong: [string, (body: string) => string | undefined][] = [
    ['missing', () => undefined],
    ['empty', () => ''],
    ['by another key', (body) => sign(body, 'another key')],
    ['of another body', (body) => sign(`${body} `)],
    ['of the body as JSON writes it', (body) => sign(JSON.stringify(JSON.parse(body)))],
    ['truncated', (body) => sign(body).slice(0, -1)],
    ['truncated to its prefix', () => 'sha256='],
    ['in upper case', (body) => sign(body).toUpperCase()],
    ['its digits in upper case', (body) => `sha256=${sign(body).slice(7).toUpperCase()}`],
    ['suffixed', (body) => `${sign(body)}0`],
    ['suffixed with what hex decoding stops at', (body) => `${sign(body)}zz`],
    ['without its prefix', (body) => sign(body).slice(7)],
    ['twice', (body) => `${sign(body)},${sign(body)}`],
  ];
  it.each(wrong)('is turned away, and nothing is written: %s', async (_how, signature) => {
    const stored = await fleet.table.asText();
    const body = inbound(fleet.canaries.number());
    expectTurnedAway(await post(body, { signature: signature(body) }));
    expect(await fleet.table.asText()).toBe(stored);
  });

  it('a right signature does not make up for a wrong secret', async () => {
    const body = inbound('254711000004');
    expectTurnedAway(await post(body, { signature: sign(body), secret: 'x'.repeat(40) }));
  });

  it.each([
    ['as text', 'application/json'],
    ['base64-encoded', 'application/octet-stream'],
  ])('the raw bytes are what counts, emoji, blanks and all: %s', async (_how, type) => {
    const customer = fleet.canaries.number();
    const body = inbound(customer);
    const answer = await post(body, { signature: sign(body), headers: { 'content-type': type } });
    expect(answer).toMatchObject({ status: 200, json: { received: 1 } });
    expect(await opened(customer)).toBe(true);
  });
});

describe('with a signature of Standard Webhooks', () => {
  const now = () => Math.floor(Date.now() / 1000);
  const headersOf = (body: string, at = now(), key = hmacKey): Record<string, string> => ({
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(at),
    'webhook-signature': new Webhook(key, { format: 'raw' }).sign('msg_1', new Date(at * 1000), body),
  });

  it('is taken, emoji, blanks and all', async () => {
    const customer = fleet.canaries.number();
    const body = inbound(customer);
    expect(await post(body, { headers: headersOf(body) })).toMatchObject({ status: 200 });
    expect(await opened(customer)).toBe(true);
    const both = { headers: headersOf(body), signature: sign(body) };
    expect((await post(body, both)).status).toBe(200);
  });

  it('is taken by any of several keys and signatures, while they rotate', async () => {
    const next = `whsec_${fleet.canaries.secret('hmac').slice(-32)}`;
    const body = inbound('254711000005');
    const at = now();
    const byNext = new Webhook(next).sign('msg_1', new Date(at * 1000), body);
    const { 'webhook-signature': byFirst = '', ...rest } = headersOf(body, at);
    await fleet.aws.setParameter(HMAC_PARAMETER, `${hmacKey}, ${next}`);
    for (const signatures of [byNext, `${byNext} ${byFirst}`, `v1a,AAAA ${byFirst}`])
      expect((await post(body, { headers: { ...rest, 'webhook-signature': signatures } })).status).toBe(200);
    await fleet.aws.setParameter(HMAC_PARAMETER, hmacKey);
  });

  const wrong: [string, (body: string) => Post][] = [
    ['from six minutes ago', (body) => ({ headers: headersOf(body, now() - 360) })],
    ['from the future', (body) => ({ headers: headersOf(body, now() + 360) })],
    ['by another key', (body) => ({ headers: headersOf(body, now(), 'x'.repeat(40)) })],
    ['of another body', (body) => ({ headers: headersOf(`${body} `) })],
    ['under another id', (body) => ({ headers: { ...headersOf(body), 'webhook-id': 'msg_2' } })],
    [
      'beside a wrong one over the body',
      (body) => ({ headers: headersOf(body), signature: sign(`${body} `) }),
    ],
    [
      'that is wrong, beside a right one over the body',
      (body) => ({ headers: headersOf(`${body} `), signature: sign(body) }),
    ],
  ];
  it.each(wrong)('is turned away, and nothing is written: %s', async (_how, given) => {
    const stored = await fleet.table.asText();
    const body = inbound(fleet.canaries.number());
    expectTurnedAway(await post(body, given(body)));
    expect(await fleet.table.asText()).toBe(stored);
  });
});

describe('a registration', () => {
  const ask = async (method: string, query = '', secret = fleet.webhookSecret) =>
    fetch(`${fleet.url}/v1/webhooks/lipachat/${secret}${query}`, { method });

  it('gets its challenge as text, without a signature', async () => {
    const query = '?hub.mode=subscribe&hub.challenge=%3Cb%3E1158&hub.verify_token=any';
    const response = await ask('GET', query);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await response.text()).toBe('<b>1158');
    expect(await (await ask('GET')).text()).toBe('ok');
    expect(await ask('HEAD')).toMatchObject({ status: 200 });
  });

  it('is turned away with a wrong secret, and refused with a challenge that is too long', async () => {
    const wrong = await ask('GET', '?hub.challenge=1', 'x'.repeat(40));
    expect([wrong.status, await wrong.text()]).toEqual([401, '{"message":"Unauthorized"}']);
    expect((await ask('HEAD', '', 'x'.repeat(40))).status).toBe(401);
    expect((await ask('GET', `?hub.challenge=${'1'.repeat(1025)}`)).status).toBe(400);
  });
});
