import { beforeEach, describe, expect, it } from 'vitest';
import type { Callback, Inbound } from '../../../src/lib/lipachat/callback.ts';
import type { UserId } from '../../../src/lib/whatsapp/customer.ts';
import type { Pair, PhoneNumber } from '../../../src/lib/whatsapp/phone.ts';
import { faultyLink } from '../../support/fakes/link.ts';
import { BUSINESS, CUSTOMER, idOf, later, NOW, PAIR, sampleRequest } from '../../support/fakes/samples.ts';
import { makeWorld, type Process, type World } from '../../support/fakes/world.ts';

const ID = 'KE.777' as UserId;
const OTHER_ID = 'KE.999' as UserId;
const BY_ID: Pair = { business: BUSINESS, customer: ID };
const TIE = { number: CUSTOMER, userId: ID, business: BUSINESS };
const BOTH = [{ number: CUSTOMER, userId: ID }];
const NEW_NUMBER = '254700000009' as PhoneNumber;

let world: World;
let webhook: Process;
let reader: Process;
let faults: ReturnType<typeof faultyLink>;
let messages = 0;
beforeEach(() => {
  world = makeWorld({ sendToUserIds: true });
  faults = faultyLink();
  webhook = world.process('webhook', { link: faults.link });
  reader = world.process('reader');
});

const wrote = (text: string, changes: Partial<Inbound> & Pick<Callback, 'people'> = {}): Callback => {
  messages += 1;
  const message = { id: `in-${messages}`, pair: PAIR, writtenAt: undefined, said: [text], reply: undefined };
  return { kind: 'inbound', ...message, ...changes };
};
const byId = (text: string) => wrote(text, { pair: BY_ID });
const byBoth = (text: string, people: Callback['people'] = BOTH) => wrote(text, { people });
const byBothLater = () => byBoth('hi');
const handle = async (...entries: Callback[]) => {
  for (const entry of entries) {
    world.clock.advance(1_000);
    await webhook.handleCallbacks([entry]);
  }
};
const customers = () => world.sessions.all().map(({ pair }) => pair.customer);
const shown = async (pair: Pair) => {
  const { to: _, ...rest } = await reader.read.session(pair);
  return rest;
};

describe('a person known by number and by user id', () => {
  it.each([
    ['number, id, both', () => [wrote('a'), byId('b'), byBoth('c')]],
    ['id, number, both', () => [byId('a'), wrote('b'), byBoth('c')]],
    ['both, id, number', () => [byBoth('a'), byId('b'), wrote('c')]],
    ['id, both', () => [byId('a'), byBoth('b')]],
    ['number, both, id', () => [wrote('a'), byBoth('b'), byId('c')]],
  ])('has one session, seen in the order %s', async (_, entries) => {
    await handle(...entries());
    expect(customers()).toEqual([CUSTOMER]);
    expect(await shown(BY_ID)).toEqual(await shown(PAIR));
    expect(await webhook.read.session(BY_ID)).toMatchObject({ to: ID, open: true });
  });

  it.each([
    ['id before both', () => [byId('STOP'), byBoth('hello')]],
    [
      'id before both, although START was said later under the number',
      () => [byId('STOP'), wrote('START'), byBoth('hi')],
    ],
    ['number before both', () => [wrote('STOP'), byId('hello'), byBoth('hi')]],
    [
      'number before both, although START was said later under the id',
      () => [wrote('STOP'), byId('START'), byBoth('hi')],
    ],
    ['id after both', () => [byBoth('hello'), byId('STOP')]],
    ['both at once', () => [byBoth('STOP')]],
  ])('has one opt-out, said by %s', async (_, entries) => {
    await handle(...entries());
    expect(customers()).toEqual([CUSTOMER]);
    for (const pair of [PAIR, BY_ID]) expect(await shown(pair)).toMatchObject({ optedOut: true });
    await handle(byId('START'));
    for (const pair of [PAIR, BY_ID]) expect(await shown(pair)).toMatchObject({ optedOut: false });
  });

  it('stays opted out when the START from before the merge is repeated', async () => {
    const start = wrote('START', { writtenAt: later(1) });
    await handle(byId('STOP'), start, byBoth('hello'), start);
    expect(await shown(PAIR)).toMatchObject({ optedOut: true });
  });

  it('keeps the later window', async () => {
    await handle(wrote('a'), byId('b'));
    world.clock.advance(3_600_000);
    await webhook.handleCallbacks([{ kind: 'notice', about: 'x', people: [TIE] }]);
    expect((await shown(PAIR)).lastInboundAt).toBe(later(2).toISOString());
  });

  it('costs one read more once they are known, and none if only the number comes', async () => {
    await handle(byBoth('hello'));
    const before = faults.calls('get');
    await handle(wrote('a'));
    const plain = faults.calls('get') - before;
    await handle(byBoth('b'));
    expect(faults.calls('get') - before - plain).toBe(plain + 1);
  });

  it('is learnt from a status that names only its message', async () => {
    await handle(wrote('hello'));
    await world.process('sender').send();
    const report = { status: 'delivered', waId: undefined } as const;
    const { messageId } = sampleRequest();
    await handle({ kind: 'status', messageId, report, at: undefined, people: BOTH }, byId('STOP'));
    expect(customers()).toEqual([CUSTOMER]);
    expect(await shown(PAIR)).toMatchObject({ optedOut: true });
  });

  it('is learnt from a status about a message of ours, before the customer has written', async () => {
    await world.sessions.create({ pair: BY_ID, consent: { optedOut: true, at: NOW } });
    const parked = sampleRequest({ whenClosed: 'park', parkForSeconds: 3_600 });
    await world.process('sender').send({ request: parked });
    const report = { status: 'delivered', waId: undefined } as const;
    await handle({ kind: 'status', messageId: parked.messageId, report, at: undefined, people: [TIE] });
    expect(await shown(PAIR)).toMatchObject({ optedOut: true });
  });

  it('is learnt from a status of which nothing is known', async () => {
    const report = { status: 'read', waId: 'wamid.of-another-system' } as const;
    await handle(
      { kind: 'status', messageId: undefined, report, at: undefined, people: [TIE] },
      byId('STOP'),
    );
    expect(await shown(PAIR)).toMatchObject({ optedOut: true });
  });

  it('is learnt when a user id goes on under a number', async () => {
    await handle(byId('STOP'), {
      kind: 'moved',
      pair: BY_ID,
      to: { number: CUSTOMER },
      writtenAt: undefined,
    });
    expect(customers()).toEqual([CUSTOMER]);
    expect(await shown(PAIR)).toMatchObject({ optedOut: true });
  });

  it.each([
    ['the callback', [], { number: CUSTOMER, userId: OTHER_ID }],
    ['the alias of the former id', [byBothLater], { userId: OTHER_ID }],
  ])('is known by a new user id, too: %s names the number', async (_, before, to) => {
    await handle(wrote('hello'), ...before.map((make) => make()));
    const people = 'number' in to ? [to] : undefined;
    await handle({ kind: 'moved', pair: BY_ID, to, keepsNumber: true, writtenAt: undefined, people });
    await handle(wrote('STOP', { pair: { business: BUSINESS, customer: OTHER_ID } }));
    expect(customers()).toEqual([CUSTOMER]);
    expect(await shown(PAIR)).toMatchObject({ optedOut: true });
  });

  it('keeps a START that was said before a new user id was told', async () => {
    await handle(byBoth('STOP'), byBoth('START'));
    await handle({
      kind: 'moved',
      pair: BY_ID,
      to: { userId: OTHER_ID },
      keepsNumber: true,
      writtenAt: undefined,
    });
    expect(await shown(PAIR)).toMatchObject({ optedOut: false });
  });

  it('has at most 100 user ids: a further one stays apart, and the number is handled as ever', async () => {
    for (let n = 0; n <= 100; n += 1)
      await handle(byBoth('hi', [{ number: CUSTOMER, userId: `KE.${n}` as UserId }]));
    expect((await world.sessions.get(PAIR))?.value.known?.userIds).toHaveLength(100);
    expect(world.personAliases.all()).toHaveLength(100);
    expect(await shown(PAIR)).toMatchObject({ open: true });
  });

  it('is opted out and in by either name', async () => {
    await handle(byBoth('hello'));
    await webhook.consent.optOut(BY_ID, { clientId: 'crm', correlationId: 'c' });
    expect(await shown(PAIR)).toMatchObject({ optedOut: true });
    world.clock.advance(1_000);
    await webhook.consent.optIn(PAIR, { clientId: 'crm', correlationId: 'c' });
    expect(await shown(BY_ID)).toMatchObject({ optedOut: false });
  });

  it('shows the client that opted it out, by either name, and none once the customer has sent a STOP', async () => {
    await handle(byBoth('hello'));
    await webhook.consent.optIn(BY_ID, { clientId: 'crm', correlationId: 'c' });
    expect(await shown(PAIR)).toMatchObject({ consent: { by: 'crm' } });
    expect(await shown(BY_ID)).toMatchObject({ consent: { by: 'crm' } });
    expect(world.telemetry.lines).toContainEqual({
      level: 'info',
      event: 'contact.opted-in',
      fields: { clientId: 'crm', correlationId: 'c' },
    });
    world.clock.advance(60_000);
    await handle(byBoth('STOP'));
    expect(await shown(BY_ID)).not.toHaveProperty('consent');
  });

  it('takes an opt-out along to a new number, and no window', async () => {
    await handle(byBoth('STOP'), byBoth('hi', [{ number: NEW_NUMBER, userId: ID }]));
    expect(world.personAliases.all()).toMatchObject([{ number: NEW_NUMBER }]);
    const there = { business: BUSINESS, customer: NEW_NUMBER };
    expect(await shown(there)).toMatchObject({ optedOut: true, open: false });
    expect((await world.sessions.get(PAIR))?.value.known).toBeUndefined();
  });

  it('keeps the number of the later callback, whichever is handled first', async () => {
    const older = { correlationId: 'c', receivedAt: later(1) };
    const newer = { correlationId: 'c', receivedAt: later(2) };
    await webhook.handleStored([byBoth('hi', [{ number: NEW_NUMBER, userId: ID }])], newer);
    await webhook.handleStored([byBoth('STOP')], older);
    await webhook.handleStored([byBoth('hi')], older);
    expect(world.personAliases.all()).toMatchObject([{ number: NEW_NUMBER }]);
    expect(await shown({ business: BUSINESS, customer: NEW_NUMBER })).toMatchObject({ optedOut: true });
  });
});

describe('the messages to a user id', () => {
  const toId = (messageId: string, changes: object = {}) => ({
    request: sampleRequest({ messageId: idOf(messageId), to: ID, ...changes }),
  });
  const parked = { whenClosed: 'park', parkForSeconds: 3_600 } as const;

  it('are released when the person writes by number', async () => {
    const sender = world.process('sender');
    await sender.send(toId('m-1', parked));
    await handle(byBoth('hello'));
    await world.process('worker').workOff();
    expect(world.messages.all()).toMatchObject([{ to: ID, customer: CUSTOMER, status: 'sent' }]);
    expect(world.gateway.calls).toMatchObject([{ request: { to: ID } }]);
  });

  it('are cancelled when the person has opted out by number', async () => {
    await handle(wrote('STOP'));
    await world.process('sender').send(toId('m-1', parked));
    await handle({
      kind: 'notice',
      about: 'x',
      people: [TIE],
    });
    expect(world.messages.all()).toMatchObject([{ status: 'failed' }]);
  });

  it('join the queue of the number if the person is known before', async () => {
    await handle(byBoth('hello'));
    await world.process('sender').send(toId('m-1'));
    expect(world.messages.all()).toMatchObject([{ to: ID, customer: CUSTOMER, status: 'sent' }]);
  });

  it('are refused if the person has opted out by number', async () => {
    await handle(byBoth('STOP'));
    await expect(world.process('sender').send(toId('m-1'))).rejects.toMatchObject({
      code: 'recipient-opted-out',
    });
  });

  it('are answered by a reply that names the number', async () => {
    await handle(byId('hello'));
    await world.process('sender').send(toId('m-1'));
    const reply = { response: { a: 1 }, quotedIds: [] };
    await handle(wrote('done', { people: BOTH, reply }));
    expect(world.messages.all()).toMatchObject([{ reply: { response: { a: 1 } } }]);
  });
});

describe('the erasure of a person', () => {
  const everything = () =>
    JSON.stringify([
      world.messages.all(),
      world.sessions.all(),
      world.personAliases.all(),
      world.callbacks.raw(),
    ]);

  it.each([
    ['number', PAIR],
    ['user id', BY_ID],
  ])('by %s leaves nothing of either', async (_, pair) => {
    await handle(byId('hello'), wrote('hello'), byBoth('STOP'));
    await world
      .process('sender')
      .send({ request: sampleRequest({ to: ID }) })
      .catch(() => undefined);
    await world.callbacks.keepRaw(`{"from_user_id":"${ID}"}`, NOW);
    await world.callbacks.keepRaw(`{"from_user_id":"${ID}8"}`, NOW);
    await webhook.erase(pair, 'c');
    expect(everything().replaceAll(`${ID}8`, '')).not.toMatch(/KE\.777|254717746565/);
    expect(world.callbacks.raw()).toHaveLength(1);
    for (const one of [PAIR, BY_ID]) expect(await shown(one)).toMatchObject({ optedOut: true, open: false });
  });

  it('is not undone by a status that comes after it', async () => {
    await handle(byBoth('hello'));
    const { messageId } = sampleRequest();
    await world.process('sender').send();
    await webhook.erase(PAIR, 'c');
    const report = { status: 'read', waId: undefined } as const;
    await handle({ kind: 'status', messageId, report, at: undefined, people: [TIE] });
    expect(everything()).not.toMatch(/KE\.777|254717746565/);
  });

  it('leaves an opt-out that a new tie finds again', async () => {
    await handle(byBoth('STOP'));
    await webhook.erase(PAIR, 'c');
    await webhook.consent.optIn(PAIR, { clientId: 'crm', correlationId: 'c' });
    await handle(byBoth('hello'));
    expect(await shown(PAIR)).toMatchObject({ optedOut: true });
    await handle(byBoth('START'));
    expect(await shown(BY_ID)).toMatchObject({ optedOut: false });
  });
});

describe('a crash', () => {
  const CALLS = ['get', 'create', 'replace', 'remove', 'optedOutAt', 'ofPair', 'forget'];
  const FAULTS = ['before', 'after', 'again'] as const;
  const NTHS = Array.from({ length: 8 }, (_, n) => n + 1);
  const cases = CALLS.flatMap((call) =>
    FAULTS.flatMap((fault) => NTHS.map((nth) => [call, fault, nth] as const)),
  );

  it.each(cases)('at a %s (%s, number %i) is made good by the next try', async (call, fault, nth) => {
    await handle(byId('STOP'), wrote('START'));
    faults.fail(call, fault, { nth });
    const both = byBoth('hello');
    await webhook.handleCallbacks([both]).catch(() => undefined);
    await reader.handleCallbacks([both]);
    expect(customers()).toEqual([CUSTOMER]);
    expect(world.personAliases.all()).toMatchObject([{ number: CUSTOMER }]);
    expect(world.personAliases.all()[0]?.unmerged).toBeUndefined();
    expect(await shown(BY_ID)).toMatchObject({ optedOut: true, open: true });
  });

  const names = [
    ['number', PAIR],
    ['user id', BY_ID],
    ['another user id', { business: BUSINESS, customer: OTHER_ID }],
  ] as const;

  describe.each(names)('of an erasure by %s', (_name, pair) => {
    const erasing = [...CALLS, 'drop'];
    it.each(
      erasing.flatMap((call) => FAULTS.flatMap((fault) => NTHS.map((nth) => [call, fault, nth] as const))),
    )('at a %s (%s, number %i) is made good by its repeat', async (call, fault, nth) => {
      await handle(byId('STOP'), wrote('START'), byBoth('hello'));
      await handle(byBoth('hi', [{ number: CUSTOMER, userId: OTHER_ID }]));
      await world.callbacks.keepRaw(`{"from_user_id":"${ID}"}`, NOW);
      faults.fail(call, fault, { nth });
      await webhook.erase(pair, 'c').catch(() => undefined);
      await reader.erase(pair, 'c');
      expect([customers(), world.personAliases.all(), world.callbacks.raw()]).toEqual([[], [], []]);
      expect(await shown(BY_ID)).toMatchObject({ optedOut: true });
    });
  });
});

describe('a STOP by user id while both are learnt', () => {
  const reads = Array.from({ length: 6 }, (_, n) => n + 1);

  it.each([
    ...reads.map((nth) => ['a new customer', nth, () => []] as const),
    ...reads.map((nth) => ['a customer who has a session', nth, () => [byId('hello')]] as const),
  ])('is not lost, of %s, at read %i', async (_, nth, before) => {
    await handle(wrote('hello'), ...before());
    const other = world.process('other');
    const from = faults.calls('get');
    faults.fail('get', 'slow', { nth, meanwhile: () => other.handleCallbacks([byBoth('hi')]) });
    await webhook.handleCallbacks([byId('STOP')]);
    expect(faults.calls('get') - from).toBeGreaterThanOrEqual(nth);
    expect(customers()).toEqual([CUSTOMER]);
    expect(await shown(PAIR)).toMatchObject({ optedOut: true });
  });
});

describe('a copy of a message that fails halfway, after the other copy was handled', () => {
  const steps = Array.from({ length: 6 }, (_, n) => n + 1);
  const cases = steps.flatMap((slow) => steps.map((more) => [slow, slow + more] as const));

  /** SQS delivers the message no more: its other copy was handled. */
  async function failHalfway(slow: number, failing: number): Promise<void> {
    await handle(wrote('hello'));
    const stop = byId('STOP');
    const other = world.process('other');
    const meanwhile = () => other.handleCallbacks([stop, byBoth('hi')]);
    faults.fail('get', 'slow', { nth: slow, meanwhile });
    faults.fail('get', 'before', { nth: failing, times: 12 });
    await webhook.handleCallbacks([stop]).catch(() => undefined);
    faults.restore();
  }

  it.each(cases)(
    'leaves the STOP in force, and one session after the next: reads %i and %i',
    async (...nths) => {
      await failHalfway(...nths);
      expect(await shown(PAIR)).toMatchObject({ optedOut: true });
      await handle(byId('hi'));
      expect(customers()).toEqual([CUSTOMER]);
      expect(await shown(PAIR)).toMatchObject({ optedOut: true });
    },
  );

  it.each(cases)('is erased with the number: reads %i and %i', async (...nths) => {
    await failHalfway(...nths);
    await webhook.erase(PAIR, 'c');
    expect([customers(), world.personAliases.all()]).toEqual([[], []]);
  });
});
