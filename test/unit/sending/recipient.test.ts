import { beforeEach, describe, expect, it } from 'vitest';
import type { FlowRequest } from '../../../src/lib/messages/message.ts';
import { isUnusual, parseFlow } from '../../../src/lib/sending/contract.ts';
import type { PhoneNumber } from '../../../src/lib/whatsapp/phone.ts';
import { faultyLink } from '../../support/fakes/link.ts';
import { BUSINESS, later, sampleRequest, sampleSession } from '../../support/fakes/samples.ts';
import { makeWorld, type World } from '../../support/fakes/world.ts';

const BENIN = '22961234567' as PhoneNumber;
const USER_ID = 'US.13491208655302741918';

let world: World;
let faults: ReturnType<typeof faultyLink>;
beforeEach(() => {
  world = makeWorld();
  faults = faultyLink();
});

const requestTo = (to: string, changes: object = {}): FlowRequest =>
  parseFlow({ ...sampleRequest(), to, ...changes }, undefined);
const send = (request: FlowRequest, respondAsync = false) =>
  world
    .process('sender', { link: faults.link })
    .send({ request, respondAsync, isUnusual: isUnusual(request) });
const refusal = (message: RegExp) => ({
  code: 'invalid-request',
  errors: [{ path: 'to', message: expect.stringMatching(message) }],
});

describe('a number that no numbering plan has', () => {
  const pair = { business: BUSINESS, customer: BENIN };
  const parked = { whenClosed: 'park' };
  const template = { whenClosed: 'template', template: { name: 'hello', languageCode: 'en' } };

  it.each([
    ['a send', {}, false],
    ['a send that may wait', parked, false],
    ['a template message', template, false],
    ['a send for a worker', {}, true],
  ])('is refused for %s, and no messageId is claimed', async (_, changes, respondAsync) => {
    const never = refusal(/has not written to the number in `from`.* let the customer write first/);
    await expect(send(requestTo(BENIN, changes), respondAsync)).rejects.toMatchObject(never);
    expect(world.messages.all()).toEqual([]);
    expect([world.gateway.calls, world.gateway.templateCalls]).toEqual([[], []]);
  });

  it('is taken if the customer has written to this business number', async () => {
    await world.sessions.create(sampleSession(later(-60), pair));
    expect(await send(requestTo(`+${BENIN}`))).toMatchObject({ kind: 'sent' });
    expect(world.gateway.calls).toMatchObject([{ request: { to: BENIN } }]);
  });

  it('is taken if the customer wrote long ago: then the window decides', async () => {
    await world.sessions.create(sampleSession(later(-172_800), pair));
    await expect(send(requestTo(BENIN))).rejects.toMatchObject({ code: 'session-closed' });
    expect(await send(requestTo(BENIN, template))).toMatchObject({ kind: 'pending' });
  });

  it.each([
    ['an opt-out by an operator', { pair, consent: { optedOut: true, at: later(0) } }],
    ['a message to another business number', sampleSession(later(0), { ...pair, business: BENIN })],
  ])('is refused in spite of %s', async (_, session) => {
    await world.sessions.create(session);
    await expect(send(requestTo(BENIN))).rejects.toMatchObject(refusal(/has not written/));
  });

  it('keeps the answer of a message that was sent, whatever became of the session', async () => {
    await world.sessions.create(sampleSession(later(-60), pair));
    const first = await send(requestTo(BENIN));
    const session = await world.sessions.get(pair);
    if (session) await world.sessions.remove(session);
    expect(await send(requestTo(BENIN))).toEqual({ ...first, replayed: true });
  });

  it('costs reads that a possible number does not', async () => {
    await world.sessions.create(sampleSession(later(-60)));
    await send(requestTo('254717746565'));
    const plain = faults.calls('get');
    await world.sessions.create(sampleSession(later(-60), pair));
    await send(requestTo(BENIN, { messageId: 'b-1' }));
    expect([plain, faults.calls('get') - plain]).toEqual([1, 2]);
  });
});

describe('a user id', () => {
  it('is refused by default, and the refusal names the number and the setting', async () => {
    await expect(send(requestTo(USER_ID))).rejects.toMatchObject(refusal(/phone number.*SEND_TO_USER_IDS/));
    expect(world.messages.all()).toEqual([]);
  });

  it('is sent as it was named, with SEND_TO_USER_IDS', async () => {
    world = makeWorld({ sendToUserIds: true });
    const request = requestTo(USER_ID);
    await world.sessions.create(sampleSession(later(-60), { business: BUSINESS, customer: request.to }));
    expect(await send(request)).toMatchObject({ kind: 'sent' });
    expect(world.gateway.calls).toMatchObject([{ request: { to: USER_ID } }]);
  });
});
