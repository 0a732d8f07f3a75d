/** Consent that is no message: a choice in WhatsApp's settings, and an opt-out that goes along to another number. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Callback } from '../../../src/lib/lipachat/callback.ts';
import type { PhoneNumber } from '../../../src/lib/whatsapp/phone.ts';
import { later, PAIR, sampleRequest, sampleSession } from '../../support/fakes/samples.ts';
import { makeWorld, type Process, type World } from '../../support/fakes/world.ts';

const NEXT = { ...PAIR, customer: '254700000777' as PhoneNumber };

let world: World;
let p: Process;
beforeEach(() => {
  world = makeWorld();
  p = world.process('callbacks');
  world.clock.advance(60_000);
});

const preference = (optedOut: boolean, seconds?: number): Callback => ({
  kind: 'preference',
  pair: PAIR,
  optedOut,
  writtenAt: seconds === undefined ? undefined : later(seconds),
});
const typed = (id: string, text: string, seconds: number): Callback => ({
  kind: 'inbound',
  id,
  pair: PAIR,
  writtenAt: later(seconds),
  said: [text],
  reply: undefined,
});
const moved = (seconds?: number): Callback => ({
  kind: 'moved',
  pair: PAIR,
  to: { number: NEXT.customer },
  writtenAt: seconds === undefined ? undefined : later(seconds),
});
const optedOut = async (pair = PAIR) => (await p.read.session(pair)).optedOut;

describe('a choice in the settings', () => {
  it('opts out without opening a window, and cancels what waits', async () => {
    await p.send({ request: sampleRequest({ whenClosed: 'park', parkForSeconds: 86_400 }) });
    await p.handleCallbacks([preference(true, 5)]);
    expect(await p.read.session(PAIR)).toMatchObject({ open: false, optedOut: true, parked: 0 });
    expect(world.onlyMessage()).toMatchObject({ status: 'failed', answer: { code: 'recipient-opted-out' } });
  });

  it('is in one order with STOP and START, in any order of arrival', async () => {
    await p.handleCallbacks([typed('a', 'START', 30)]);
    await p.handleCallbacks([preference(true, 20)]);
    expect(await optedOut()).toBe(false);
    await p.handleCallbacks([preference(true, 40)]);
    expect(await optedOut()).toBe(true);
    await p.handleCallbacks([typed('a', 'START', 30), preference(false, 50)]);
    expect(await optedOut()).toBe(false);
    await p.handleCallbacks([preference(true, 40), typed('b', 'STOP', 45)]);
    expect(await optedOut()).toBe(false);
  });

  it('ends the erased opt-out of a customer who resumes', async () => {
    await p.consent.optOut(PAIR, { clientId: 'crm', correlationId: 'c' });
    await p.erase(PAIR, 'c');
    world.clock.advance(5_000);
    await p.handleCallbacks([preference(false)]);
    expect(await optedOut()).toBe(false);
    expect(await world.process('another').read.session(PAIR)).toMatchObject({ optedOut: false });
  });
});

describe('a customer who goes on under another number', () => {
  it('stays opted out there, without a window', async () => {
    await world.sessions.create(sampleSession());
    await p.handleCallbacks([typed('a', 'STOP', 5)]);
    await p.handleCallbacks([moved(10)]);
    expect(await p.read.session(NEXT)).toMatchObject({ open: false, optedOut: true });
    expect(world.telemetry.counted('callback.moved')).toBe(1);
    expect(JSON.stringify(world.telemetry.lines)).not.toContain(NEXT.customer);
  });

  it('has no opt-out there without one here', async () => {
    await p.handleCallbacks([typed('a', 'Habari', 5), moved(10)]);
    expect(await p.read.session(NEXT)).toMatchObject({ open: false, optedOut: false });
  });

  it.each([10, undefined])('may opt in there, and a repeat of the move changes nothing (%s)', async (at) => {
    await p.handleCallbacks([typed('a', 'STOP', 5)]);
    await p.handleCallbacks([moved(at)]);
    await p.handleCallbacks([{ ...typed('b', 'START', 20), pair: NEXT } as Callback]);
    expect(await optedOut(NEXT)).toBe(false);
    world.clock.advance(60_000);
    await p.handleCallbacks([moved(at)]);
    expect(await optedOut(NEXT)).toBe(false);
    expect(await optedOut()).toBe(true);
  });

  it('is the same customer where both are one, or none is named', async () => {
    await p.handleCallbacks([typed('a', 'STOP', 5)]);
    await p.handleCallbacks([{ ...moved(10), to: { number: PAIR.customer } } as Callback]);
    await p.handleCallbacks([{ ...moved(10), to: {} } as Callback]);
    expect(world.sessions.all()).toHaveLength(1);
  });
});
