/** What the dashboard shows of a day: the latency of LipaChat, and failures by class. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Outcome } from '../../../src/lib/messages/outcome.ts';
import { classOf } from '../../../src/lib/whatsapp/error-codes.ts';
import { idOf, sampleRequest, sampleSession } from '../../support/fakes/samples.ts';
import { makeWorld, type World } from '../../support/fakes/world.ts';

const UNDELIVERABLE = 131_026;
const request = sampleRequest({ messageId: idOf('m-1') });

let world: World;
beforeEach(async () => {
  world = makeWorld({ gatewayAttempts: 2 });
  await world.sessions.create(sampleSession());
});

const refusal = (code: number | undefined, duplicate = false): Outcome => ({
  kind: 'rejected',
  message: 'Oh',
  errorClass: code === undefined ? undefined : classOf(code),
  duplicate,
  envelope: null,
});

const send = () =>
  world
    .process('p')
    .send({ request })
    .catch(() => undefined);

describe('a call to LipaChat', () => {
  it('is measured by its outcome, each attempt separately', async () => {
    world.gateway.next('lost', { slowMs: 700 });
    await send();
    expect(world.telemetry.measured('gateway.ambiguous')).toHaveLength(1);
    expect(world.telemetry.measured('gateway.accepted')).toEqual([700]);
  });

  it.each(['credentials', 'sessionClosed'] as const)(
    'with the outcome %s is measured as such',
    async (kind) => {
      world.gateway.always({ kind });
      await send();
      expect(world.telemetry.measured(`gateway.${kind}`).length).toBeGreaterThan(0);
    },
  );
});

describe('a failure', () => {
  it.each([
    [UNDELIVERABLE, 'failed.undeliverable'],
    [132_000, 'failed.bad-request'],
    [undefined, 'failed.other'],
    [999_999, 'failed.other'],
  ])('in the response with code %s counts as %s', async (code, metric) => {
    world.gateway.next(refusal(code));
    await send();
    expect(world.telemetry.counted(metric)).toBe(1);
  });

  it('is not counted when the response says that LipaChat already has the message', async () => {
    world.gateway.next('lost', refusal(undefined, true));
    await send();
    expect(world.telemetry.counted('failed.other')).toBe(0);
  });

  it('in a callback counts once, however often it is repeated', async () => {
    await send();
    const p = world.process('p');
    const report = { status: 'failed', at: world.clock.now(), code: UNDELIVERABLE, detail: 'Oh' } as const;
    for (const _ of [1, 2, 3]) await p.handleStatus('m-1', report);
    expect(world.telemetry.counted('failed.undeliverable')).toBe(1);
  });
});
