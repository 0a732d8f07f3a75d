import { describe, expect, it } from 'vitest';
import type { ApiResponse, Run } from '../../../src/lib/http/api.ts';
import { direct } from '../../../src/lib/http/direct-invocation.ts';
import { AppError, type ErrorCode } from '../../../src/lib/platform/errors.ts';
import { entryPorts } from '../../support/fakes/api.ts';
import { later } from '../../support/fakes/samples.ts';

const BODY = { messageId: 'm-1', to: '254717746565' };
const OK: ApiResponse = { status: 201, body: '{"messageId":"m-1","n":1}' };

const eventBridge = (detail: unknown = BODY) => ({
  version: '0',
  id: 'event-1',
  'detail-type': 'Send a flow',
  source: 'shop',
  account: '1',
  time: '2026-01-02T03:04:05Z',
  region: 'eu-west-1',
  resources: [],
  detail,
});

type Handle = (body: unknown, run: Run) => Promise<ApiResponse>;

function invoked(handle: Handle = () => Promise.resolve(OK)) {
  const { telemetry, ...ports } = entryPorts();
  const seen: { body: unknown; run: Run }[] = [];
  const invoke = direct({ telemetry, ...ports }, (body, run) => {
    seen.push({ body, run });
    return handle(body, run);
  });
  return { telemetry, seen, invoke };
}

const refusing =
  (code: ErrorCode): Handle =>
  () =>
    Promise.reject(new AppError(code, 'What happened.'));

describe('a direct invocation', () => {
  it('takes its event as the body', async () => {
    const { invoke, seen } = invoked();
    await invoke(BODY, { awsRequestId: 'aws-1' });
    expect(seen).toMatchObject([
      { body: BODY, run: { correlationId: 'aws-1', clientId: 'iam', seesAll: true } },
    ]);
  });

  it('returns the status, and the body as an object', async () => {
    const { invoke } = invoked();
    expect(await invoke(BODY, undefined)).toEqual({ statusCode: 201, body: { messageId: 'm-1', n: 1 } });
    const pending = invoked(() => Promise.resolve({ status: 202, body: { status: 'unknown' } }));
    expect(await pending.invoke(BODY, {})).toEqual({ statusCode: 202, body: { status: 'unknown' } });
  });

  it('has the time that its function has left', async () => {
    const { invoke, seen } = invoked();
    await invoke(BODY, { getRemainingTimeInMillis: () => 7_000 });
    expect(seen[0]?.run.deadlineAt).toEqual(later(7));
  });

  it('has an id of its own when Lambda gives none', async () => {
    const { invoke, seen } = invoked();
    await invoke(BODY, {});
    expect(seen[0]?.run.correlationId).toBe('entry~1');
  });

  it.each([
    'invalid-request',
    'session-closed',
    'send-in-progress',
    'gateway-unavailable',
    'store-unavailable',
  ] as const)('returns a problem for %s', async (code) => {
    const { invoke } = invoked(refusing(code));
    const { statusCode, body } = await invoke(BODY, { awsRequestId: 'aws-1' });
    expect(body).toMatchObject({
      code,
      status: statusCode,
      detail: 'What happened.',
      correlationId: 'aws-1',
    });
  });

  it('returns 500 for an unexpected error, and reveals nothing of it', async () => {
    const { invoke, telemetry } = invoked(() => Promise.reject(new TypeError('254717746565')));
    const answer = await invoke(BODY, undefined);
    expect(answer).toMatchObject({ statusCode: 500, body: { code: 'internal' } });
    expect(JSON.stringify(answer)).not.toMatch(/254717746565|TypeError/);
    expect(telemetry.events('error')).toHaveLength(1);
  });

  it.each([undefined, null, 'text', 7, []])('handles any event: %j', async (event) => {
    const { invoke, seen } = invoked();
    await invoke(event, undefined);
    expect(seen[0]?.body).toEqual(event);
  });

  it('is not taken for an EventBridge event when its body merely has a detail', async () => {
    const { invoke, seen } = invoked();
    await invoke({ ...BODY, detail: { x: 1 } }, undefined);
    expect(seen[0]?.body).toEqual({ ...BODY, detail: { x: 1 } });
  });
});

describe('an EventBridge event', () => {
  it('has its detail as the body, and its own id as the correlation id', async () => {
    const { invoke, seen } = invoked();
    await invoke(eventBridge(), { awsRequestId: 'aws-1' });
    expect(seen).toMatchObject([{ body: BODY, run: { correlationId: 'event-1' } }]);
  });

  it.each([
    'gateway-credentials',
    'gateway-misconfigured',
    'gateway-throttled',
    'gateway-unavailable',
    'store-unavailable',
    'internal',
  ] as const)('is retried after a temporary fault: %s is thrown', async (code) => {
    await expect(invoked(refusing(code)).invoke(eventBridge(), undefined)).rejects.toThrow(code);
  });

  it.each([
    JSON.stringify(BODY),
    ` ${JSON.stringify(BODY)}\n`,
    `\ufeff${JSON.stringify(BODY)}`,
    JSON.stringify(JSON.stringify(BODY)),
  ])('may have its detail as JSON text: %s', async (text) => {
    const { invoke, seen } = invoked();
    expect(await invoke(eventBridge(text), undefined)).toMatchObject({ statusCode: 201 });
    expect(seen.map(({ body }) => body)).toEqual([BODY]);
  });

  it.each([
    ...['', ' ', '\ufeff', 'hello', '{"messageId":', "{'messageId':1}", '{"a":1}{"b":2}'],
    ...['null', '7', 'true', '[]', '[{"messageId":"m-1"}]', '"hello"', '""'],
    JSON.stringify(JSON.stringify(JSON.stringify(BODY))),
    ...[null, 7, true, [], [BODY]],
  ])('fails when its detail is no object and no text of one: %j', async (detail) => {
    const { invoke, seen, telemetry } = invoked();
    await expect(invoke(eventBridge(detail), undefined)).rejects.toThrow('internal');
    expect(seen).toEqual([]);
    expect(telemetry.events('error')).toHaveLength(1);
  });

  it('is retried while the message is being sent', async () => {
    await expect(invoked(refusing('send-in-progress')).invoke(eventBridge(), undefined)).rejects.toThrow();
  });

  it.each([
    'invalid-request',
    'session-closed',
    'message-id-reused',
    'gateway-rejected',
    'payload-too-large',
  ] as const)('is not retried after a refusal: %s is returned', async (code) => {
    const { body } = await invoked(refusing(code)).invoke(eventBridge(), undefined);
    expect(body).toMatchObject({ code });
  });

  it('throws nothing that reveals the fault', async () => {
    const { invoke } = invoked(() => Promise.reject(new TypeError('254717746565')));
    const error = await invoke(eventBridge(), undefined).catch((e: unknown) => e as Error);
    expect(`${(error as Error).message} ${String((error as Error).cause)}`).not.toMatch(
      /254717746565|TypeError/,
    );
  });

  it('is refused and not retried when its detail is an object, and not a flow', async () => {
    const { invoke, seen } = invoked(refusing('invalid-request'));
    expect(await invoke(eventBridge({}), undefined)).toMatchObject({ statusCode: 400 });
    expect(seen[0]?.body).toEqual({});
  });
});
