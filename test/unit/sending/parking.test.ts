/** A customer who writes while their flow is being parked, and a template message with an unknown outcome. */
import { beforeEach, describe, expect, it } from 'vitest';
import { idOf, PAIR, sampleRequest } from '../../support/fakes/samples.ts';
import { makeWorld, type Process, type World } from '../../support/fakes/world.ts';

let world: World;
let p: Process;
beforeEach(() => {
  world = makeWorld();
  p = world.process('p');
});

const stored = () => world.messages.all()[0];
const writes = () =>
  p.handleCallbacks([
    { kind: 'inbound', id: 'in-1', pair: PAIR, writtenAt: undefined, said: ['hi'], reply: undefined },
  ]);

describe('a reply that crosses the parking of its flow', () => {
  it('releases the flow at once, even though the webhook found nothing parked', async () => {
    let crossed = false;
    const slow = world.process('slow', {
      link: async (call, apply) => {
        // The next write parks the message: the customer writes just before it.
        if (call === 'replace' && !crossed) {
          crossed = true;
          await writes();
        }
        return apply();
      },
    });
    await slow.send({ request: sampleRequest({ messageId: idOf('m-1'), whenClosed: 'park' }) });
    expect(crossed).toBe(true);
    expect(stored()?.status).toBe('queued');
    await p.workOff();
    expect(world.gateway.deliveries.map(({ messageId }) => messageId)).toEqual(['m-1']);
  });
});

describe('a template message with an unknown outcome', () => {
  const request = sampleRequest({
    messageId: idOf('m-1'),
    whenClosed: 'template',
    template: { name: 'hello', languageCode: 'en' },
    parkForSeconds: 86_400,
  });
  const calls = () => world.gateway.templateCalls.length;

  async function sweepFor(minutes: number): Promise<void> {
    for (let n = 0; n < minutes; n += 1) {
      world.clock.advance(60_000);
      await p.sweep();
    }
  }

  it('is repeated within the resend horizon, and never after it', async () => {
    world.gateway.nextTemplates(...Array.from({ length: 60 }, () => 'lost' as const));
    await p.send({ request });
    await sweepFor(14);
    const within = calls();
    expect(within).toBeGreaterThan(2);
    await sweepFor(2);
    const atTheEnd = calls();
    await sweepFor(120);
    expect(calls()).toBe(atTheEnd);
    expect(stored()).toMatchObject({ status: 'parked', templateMessage: { state: 'unknown' } });
  });

  it('is unknown at once with outcomes on hold, and is never repeated', async () => {
    world = makeWorld({ mode: 'hold' });
    p = world.process('p');
    world.gateway.nextTemplates('lost');
    await p.send({ request });
    expect(stored()).toMatchObject({ status: 'parked', templateMessage: { state: 'unknown' } });
    await sweepFor(30);
    expect(calls()).toBe(1);
  });
});
