/** The release of parked flows: which record sends which flow, what is written for it, and what a lost step leaves. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Message } from '../../../src/lib/messages/message.ts';
import { makeRecipientQueue } from '../../../src/lib/messages/recipient-queue.ts';
import { faultyLink } from '../../support/fakes/link.ts';
import { idOf, PAIR, sampleMessage, sampleRequest } from '../../support/fakes/samples.ts';
import { makeWorld, type Process, type World } from '../../support/fakes/world.ts';

let world: World;
let p: Process;
let written: string[];
beforeEach(() => {
  world = makeWorld();
  p = world.process('p');
  written = [];
  world.messages.watch(({ before, after }) =>
    written.push(`${after?.messageId} ${before?.status}→${after?.status}`),
  );
});

const find = (id: string) => world.messages.all().find((m) => m.messageId === id);
const sent = () => world.gateway.deliveries.map(({ messageId }) => messageId);
const records = () => world.queue.waiting.map(({ messageId }) => messageId);

/** Parks the flows a second apart, long ago: each is next checked in an hour. */
async function park(...ids: string[]): Promise<void> {
  for (const id of ids) {
    await p.send({
      request: sampleRequest({ messageId: idOf(id), whenClosed: 'park', parkForSeconds: 86_400 }),
    });
    world.clock.advance(1_000);
  }
  world.clock.advance(80_000);
  await p.sweep();
  written.splice(0);
}

/** An older flow of the queue that a worker has taken, with a lease that ends in so many seconds. */
const sending = (id: string, seconds: number): Message => {
  const until = new Date(world.clock.now().getTime() + seconds * 1000);
  const { parkedUntil } = find('b') ?? {};
  const lease = { owner: 'another', until, phase: 'claimed' } as const;
  return sampleMessage({ messageId: idOf(id), accepted: true, parkedUntil, lease, dueAt: until });
};

const inbound = (id = 'in-1') =>
  ({ kind: 'inbound', id, pair: PAIR, writtenAt: undefined, said: ['hi'], reply: undefined }) as const;
const writes = (by = p, id = 'in-1') => by.handleCallbacks([inbound(id)]);

const secondsUntilCheck = (id: string) =>
  ((find(id)?.dueAt?.getTime() ?? Infinity) - world.clock.now().getTime()) / 1000;

/** Replaces what is stored, as another process does. */
async function change(id: string, to: (message: Message) => Message): Promise<void> {
  const stored = await world.messages.get(idOf(id));
  if (stored) await world.messages.replace(stored, to(stored.value));
  written.splice(0);
}

describe('a customer who writes', () => {
  it('releases the only flow without a write: the worker’s claim is the first one', async () => {
    await park('a');
    await writes();
    expect([written, records()]).toEqual([[], ['a']]);
    await p.workOff();
    expect(written).toEqual(['a parked→sending', 'a sending→sent']);
  });

  it('releases a flow in the group of its own client, whichever client’s flow goes before it', async () => {
    await park('a', 'b');
    await change('a', (m) => ({ ...m, clientId: 'another' }));
    await writes();
    const groups = () => world.queue.waiting.map(({ messageId, clientId }) => [messageId, clientId]);
    expect(groups()).toEqual([['a', 'another']]);
    await p.workOff();
    expect(groups()).toEqual([['b', 'client-1']]);
  });

  it('releases the oldest, and the sweeper checks the ones behind it within a minute', async () => {
    await park('a', 'b', 'c');
    await writes();
    expect([written.toSorted(), records()]).toEqual([['b parked→parked', 'c parked→parked'], ['a']]);
    expect(secondsUntilCheck('a')).toBeGreaterThan(3_000);
    expect([secondsUntilCheck('b'), secondsUntilCheck('c')]).toEqual([60, 60]);
    await writes(p, 'in-2');
    expect(written).toHaveLength(2);
  });

  it('has the oldest one checked within a minute, too, while a worker of 0.1 may get its record', async () => {
    await park('a', 'b');
    await writes();
    const { wake } = makeRecipientQueue({ ...world, sessionMarginSeconds: 60, beside01: true });
    await wake(PAIR);
    expect([secondsUntilCheck('a'), secondsUntilCheck('b')]).toEqual([60, 60]);
  });

  it('gets the callback repeated where the release could not be enqueued', async () => {
    await park('a');
    const faults = faultyLink();
    faults.fail('enqueue', 'before');
    const q = world.process('q', { link: faults.link });
    await expect(writes(q)).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(records()).toEqual([]);
    await writes(q);
    await p.workOff();
    expect(sent()).toEqual(['a']);
  });

  it('releases nothing while another flow is under way, and has all parked ones checked within a minute', async () => {
    await park('a', 'b');
    await change('a', (m) => ({ ...m, status: 'queued', notBefore: world.clock.now() }));
    await writes();
    expect([records(), secondsUntilCheck('b')]).toEqual([[], 60]);
  });
});

describe('a record', () => {
  it('of a flow that is not the oldest gives the oldest one a record', async () => {
    await park('a', 'b');
    await writes();
    world.queue.take();
    await p.work(idOf('b'));
    expect([sent(), records(), find('b')?.status]).toEqual([[], ['a'], 'parked']);
    await p.workOff();
    expect(sent()).toEqual(['a']);
  });

  it('of a flow that has to wait behind another one has it checked within a minute', async () => {
    await park('b');
    await writes();
    await world.messages.create(sending('a', 3_600));
    expect(secondsUntilCheck('b')).toBeGreaterThan(3_000);
    await p.workOff();
    expect([sent(), records(), secondsUntilCheck('b')]).toEqual([[], [], 60]);
  });

  it('of a flow behind one whose worker died and whose watch got lost has that one sent, and then its own', async () => {
    await park('b');
    await writes();
    await world.messages.create(sending('a', -1));
    await p.workOff();
    world.clock.advance(61_000);
    await p.sweep();
    await p.workOff();
    world.clock.advance(6_000);
    await p.workOff();
    expect(sent()).toEqual(['a', 'b']);
  });

  it('before the end of the pace comes again after it', async () => {
    await park('a', 'b');
    await writes();
    await p.workOff();
    world.queue.take();
    await p.work(idOf('b'));
    expect([sent(), world.queue.log.at(-1)]).toMatchObject([['a'], { messageId: 'b', delaySeconds: 6 }]);
  });

  it('does nothing while the window is shut, after an opt-out, or past the end of the wait', async () => {
    await park('a');
    await p.work(idOf('a'));
    await writes();
    const session = await world.sessions.get(PAIR);
    if (!session) throw new Error('there is no session');
    // Without the cancellation, which would end the flow.
    const consent = { optedOut: true, at: world.clock.now() };
    await world.sessions.replace(session, { ...session.value, consent });
    await p.workOff();
    expect([written, records()]).toEqual([[], []]);
    await p.consent.optIn(PAIR, { clientId: 'crm', correlationId: 'c' });
    await change('a', (m) => ({ ...m, parkedUntil: world.clock.now() }));
    await p.work(idOf('a'));
    expect([written, records(), sent()]).toEqual([[], [], []]);
  });

  it('that two workers get at once sends its flow once', async () => {
    await park('a', 'b');
    await writes();
    await Promise.all(['a', 'a', 'b', 'a'].map((id) => p.work(idOf(id))));
    expect(sent()).toEqual(['a']);
  });

  it.each([
    ['its template message was noted', ['a'], (m: Message) => ({ ...m, reason: 'noted' })],
    ['it had another owner', [], (m: Message) => ({ ...m, epoch: m.epoch + 1 })],
  ])('whose flow has changed since it was read, because %s: %j is sent', async (_, expected, to) => {
    await park('a');
    await writes();
    let changed = false;
    const slow = world.process('slow', {
      link: async (call, apply) => {
        if (call === 'replace' && !changed) {
          changed = true;
          await change('a', to);
        }
        return apply();
      },
    });
    await slow.work(idOf('a'));
    expect([changed, sent()]).toEqual([true, expected]);
  });

  it('of a queued flow that 0.1 released is worked off', async () => {
    await park('a', 'b');
    await writes();
    world.queue.take();
    await change('a', (m) => ({ ...m, status: 'queued', notBefore: world.clock.now() }));
    await p.work(idOf('a'));
    expect([sent(), records()]).toEqual([['a'], ['b']]);
  });
});

describe('the end of the wait, while the customer’s message is on its way to the worker', () => {
  const writesJustInTime = async () => {
    await park('a');
    await change('a', (m) => ({ ...m, parkedUntil: world.clock.now(), dueAt: world.clock.now() }));
    await writes();
  };

  it('is two minutes later: the sweeper leaves the flow to the worker', async () => {
    await writesJustInTime();
    world.queue.take();
    world.clock.advance(119_000);
    await p.sweep();
    // It is not due all the while.
    expect([written, records()]).toEqual([['a parked→parked'], ['a']]);
    await p.workOff();
    expect(sent()).toEqual(['a']);
  });

  it('comes then, if no worker does', async () => {
    await writesJustInTime();
    world.clock.advance(120_000);
    await p.workOff();
    await p.sweep();
    expect([sent(), find('a')?.status]).toEqual([[], 'expired']);
  });
});

describe('the sweeper', () => {
  it('continues a queue that a crash stopped, with one record for all of its flows', async () => {
    await park('a', 'b', 'c');
    await writes();
    await p.workOff();
    world.clock.advance(61_000);
    world.queue.take();
    await p.sweep();
    expect(records()).toEqual(['b']);
  });

  it('releases the first flow for one behind it, if it does not visit the first one itself', async () => {
    await park('a', 'b');
    await writes();
    world.queue.take();
    world.clock.advance(61_000);
    expect(secondsUntilCheck('a')).toBeGreaterThan(3_000);
    await p.sweep();
    expect(records()).toEqual(['a']);
  });

  it('finds within the hour a flow with its only record in the dead-letter queue', async () => {
    await park('a');
    await writes();
    world.queue.take();
    world.clock.advance(3_600_000);
    await p.sweep();
    await p.workOff();
    expect(sent()).toEqual(['a']);
  });
});
