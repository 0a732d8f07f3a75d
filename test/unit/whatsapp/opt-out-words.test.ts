/** whatsapp-rules, "People": the whole message must be the word, apart from case and punctuation. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { consentIn, DEFAULT_WORDS } from '../../../src/lib/whatsapp/opt-out-words.ts';
import { afterConsent, hasOptedOut, type Session } from '../../../src/lib/whatsapp/session-window.ts';
import { later, PAIR, sampleMessage, sampleRequest, sampleSession } from '../../support/fakes/samples.ts';
import { makeWorld } from '../../support/fakes/world.ts';

const said = (text: string) => consentIn([text], DEFAULT_WORDS);

describe('a text from a customer', () => {
  it.each([
    ...['STOP', 'stop', 'Stop.', ' stop! ', '"Stop"', '…stop…', 'STOP\n', '*stop*', '👋 stop 👋', 'ｓｔｏｐ'],
    ...['unsubscribe', 'Acha', 'ACHA!', 'simama', 'Toka.', '\u200fstop', 'stop\u00a0'],
    ...['Stop promotions', 'STOP PROMOTIONS!', 'Unsubscribe from Promos', 'Unsubscribe from All', 'Stop all'],
    ...['STOPALL', 'Opt-out', 'opt out', 'optout', 'Stop messages.', 'Stop marketing', 'Revoke'],
  ])('opts out with %j', (text) => {
    expect(said(text)).toBe('stop');
  });

  it.each([
    ...['START', 'start!', 'Unstop', 'subscribe', 'Anza.'],
    ...['Resume promotions', 'opt-in', 'OPTIN', 'Resubscribe'],
  ])('opts in with %j', (text) => {
    expect(said(text)).toBe('start');
  });

  it.each([
    ...["please don't stop", 'stop it', 'stop stop', 'nonstop', 'st op', 's.t.o.p', 'stopp', 'stop1', ''],
    ...['usiache', 'achana', 'acha kidogo', '🛑', 'стоп', 'stóp', 'start stop', '   ', 'don’t start'],
    ...['cancel', 'end', 'quit', 'remove', 'yes', 'Not interested', 'no promotions', 'stop promotions?no'],
    ...['when do promotions stop', 'cancel my order', 'stop all deliveries', 'resume'],
  ])('changes nothing with %j', (text) => {
    expect(said(text)).toBeUndefined();
  });

  it('opts out if one of several texts is a STOP, even beside a START', () => {
    expect(consentIn(['Habari', 'STOP'], DEFAULT_WORDS)).toBe('stop');
    expect(consentIn(['start', 'stop_promotions', 'x'], DEFAULT_WORDS)).toBe('stop');
    expect(consentIn(['start', 'Habari'], DEFAULT_WORDS)).toBe('start');
  });

  it('is compared with the configured words, and with no others', () => {
    const words = { stop: ['halt', 'opt out', 'ዝጋ', 'توقف'], start: ['go'] };
    for (const text of ['Halt!', 'OPT-OUT', 'opt  out.', 'ዝጋ', 'توقف.']) {
      expect([text, consentIn([text], words)]).toEqual([text, 'stop']);
    }
    expect([consentIn(['stop'], words), consentIn(['GO'], words)]).toEqual([undefined, 'start']);
    expect(consentIn(['stop'], { stop: [], start: [] })).toBeUndefined();
  });

  it('counts in any case and with any punctuation around it, and never with a word beside it', () => {
    const noise = fc.string({
      unit: fc.constantFrom('.', '!', ' ', '\n', '"', '–', '👍', '…'),
      maxLength: 4,
    });
    const word = fc.constantFrom(...DEFAULT_WORDS.stop);
    fc.assert(
      fc.property(noise, word, noise, fc.constantFrom('please', 'x', '7', 'é'), (a, w, b, other) => {
        expect(said(a + w.toUpperCase() + b)).toBe('stop');
        expect(said(`${a}${w}${b} ${other}`)).toBeUndefined();
      }),
    );
  });
});

describe('opt-outs and opt-ins', () => {
  it('have the same result in any order: the latest counts', () => {
    const words = fc.uniqueArray(fc.record({ optedOut: fc.boolean(), second: fc.nat(50) }), {
      selector: ({ second }) => second,
      minLength: 1,
    });
    fc.assert(
      fc.property(words, fc.infiniteStream(fc.nat()), (given, random) => {
        const arrived = given
          .flatMap((word) => [word, word])
          .map((word) => ({ word, key: random.next().value as number }))
          .sort((a, b) => a.key - b.key);
        const session = arrived.reduce<Session>(
          (s, { word }) => afterConsent(s, { optedOut: word.optedOut, at: later(word.second) }),
          { pair: PAIR },
        );
        const [latest] = [...given].sort((a, b) => b.second - a.second);
        expect(hasOptedOut(session)).toBe(latest?.optedOut);
      }),
    );
  });

  const word = (id: string, text: string, seconds: number) =>
    ({ kind: 'inbound', id, pair: PAIR, writtenAt: later(seconds), said: [text], reply: undefined }) as const;
  const parking = sampleRequest({ whenClosed: 'park', parkForSeconds: 86_400 });

  it('a STOP cancels waiting messages, with its reason, and opens the window', async () => {
    const world = makeWorld();
    const p = world.process('p');
    await p.send({ request: parking });
    world.clock.advance(10_000);
    await p.handleCallbacks([word('w-1', 'Acha', 5)]);
    expect(world.onlyMessage()).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/opted out/),
      answer: { code: 'recipient-opted-out' },
    });
    expect(await p.read.session(PAIR)).toMatchObject({ open: true, optedOut: true, parked: 0 });
    await expect(p.send({ request: sampleMessage().request ?? parking })).rejects.toMatchObject({
      code: expect.stringMatching(/recipient-opted-out|message-id-reused/),
    });
    expect(world.gateway.calls).toEqual([]);
  });

  it('a STOP that is repeated after a START cancels nothing', async () => {
    const world = makeWorld();
    const p = world.process('p');
    world.clock.advance(20_000);
    await p.handleCallbacks([word('w-1', 'STOP', 5)]);
    await p.handleCallbacks([word('w-2', 'START', 10)]);
    world.clock.advance(2 * 86_400_000);
    await p.send({ request: parking });
    expect(world.onlyMessage()?.status).toBe('parked');
    await p.handleCallbacks([word('w-1', 'STOP', 5)]);
    expect((await p.read.session(PAIR)).optedOut).toBe(false);
    expect(world.onlyMessage()?.status).toBe('parked');
  });

  it('a START older than the STOP, repeated after an erasure, does not opt in', async () => {
    const world = makeWorld();
    const p = world.process('p');
    world.clock.advance(20_000);
    await p.handleCallbacks([word('w-1', 'START', 5)]);
    await p.handleCallbacks([word('w-2', 'STOP', 10)]);
    await p.erase(PAIR, 'c-1');
    await p.handleCallbacks([word('w-1', 'START', 5)]);
    expect((await p.read.session(PAIR)).optedOut).toBe(true);
  });

  it('a STOP between queueing and sending prevents the send, and is reported', async () => {
    const world = makeWorld();
    const p = world.process('p');
    await world.sessions.create(sampleSession());
    await p.send({ respondAsync: true });
    world.clock.advance(2_000);
    await p.handleCallbacks([word('w-1', 'stop.', 1)]);
    await p.workOff();
    expect(world.onlyMessage()).toMatchObject({ status: 'failed', answer: { code: 'recipient-opted-out' } });
    expect(world.gateway.calls).toEqual([]);
  });
});
