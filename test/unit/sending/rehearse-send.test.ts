import { describe, expect, it } from 'vitest';
import { asMessageId } from '../../../src/lib/messages/message.ts';
import { readConfig } from '../../../src/lib/platform/config.ts';
import { rehearseSend } from '../../../src/lib/wiring/rehearse-send.ts';
import { fakeTelemetry } from '../../support/fakes/telemetry.ts';

/* The whole rehearsal runs from the built module: test/integration/rehearsal.test.ts. */

type HandlerOf = Parameters<typeof rehearseSend>[0];

const config = readConfig({ TABLE_NAME: 'none' });

async function rehearsed(handlerOf: HandlerOf) {
  const telemetry = fakeTelemetry();
  const began = performance.now();
  const calls = await rehearseSend(handlerOf, { config, telemetry });
  return { calls, lines: telemetry.lines, ms: performance.now() - began };
}

const id = asMessageId('waits') ?? expect.fail();

const failed = (fault: string) => [
  { level: 'warn', event: 'rehearsal.failed', fields: { fault, calls: [] } },
];

describe('a rehearsal', () => {
  it.each<[string, string, HandlerOf]>([
    ['is answered with an error', 'Error', () => () => Promise.resolve({ statusCode: 503 })],
    ['rejects', 'RangeError', () => () => Promise.reject(new RangeError('x'))],
    [
      'throws while it is wired',
      'TypeError: Error',
      () => {
        throw new TypeError('x', { cause: new Error('y') });
      },
    ],
    [
      'logs a fault',
      'SyntaxError',
      ({ stores }) =>
        () => {
          stores.telemetry.error('api.failed', new SyntaxError('x'));
          return Promise.resolve({ statusCode: 500 });
        },
    ],
  ])('that %s is one warning, without a message', async (_, fault, handlerOf) => {
    expect(await rehearsed(handlerOf)).toMatchObject({ calls: [], lines: failed(fault) });
  });

  it('that does not end is given up after a second', async () => {
    const { lines, ms } = await rehearsed(() => () => new Promise(() => {}));
    expect(lines).toEqual(failed('TimeoutError'));
    expect(ms).toBeGreaterThan(990);
    expect(ms).toBeLessThan(5_000);
  });

  it('logs and counts nothing, enqueues nothing and does not wait', async () => {
    const refused: unknown[] = [];
    const { lines } = await rehearsed(({ stores: { telemetry, queue, clock } }) => async () => {
      telemetry.info('api.answered');
      telemetry.warn('gateway.slow');
      telemetry.count('message.sent');
      telemetry.counts(new Map([['message.sent', 1]]));
      telemetry.measure('gateway.ms', 1);
      const send = [queue.enqueue({ messageId: id, clientId: 'crm' }, 0), clock.sleep(1)];
      refused.push(...(await Promise.allSettled(send)).map(({ status }) => status));
      return { statusCode: 201 };
    });
    expect({ lines, refused }).toEqual({ lines: [], refused: ['rejected', 'rejected'] });
  });
});
