/** An erasure under way: it needs its key, goes on after a kill, waits for planners, and names nobody while it runs. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { CampaignId } from '../../../src/lib/campaigns/campaign-id.ts';
import { makeErase } from '../../../src/lib/contacts/erase.ts';
import type { Erasure } from '../../../src/lib/contacts/erasure.ts';
import { makeResumeErasure, makeResumeLost } from '../../../src/lib/contacts/resume-erasure.ts';
import type { Caller } from '../../../src/lib/platform/caller.ts';
import { AppError } from '../../../src/lib/platform/errors.ts';
import { makeErasureKey } from '../../../src/lib/sessions/erasure-key.ts';
import { runErasureOf } from '../../../src/lib/wiring/erasures.ts';
import { sampleCampaign } from '../../support/fakes/campaign-samples.ts';
import { namedRandom } from '../../support/fakes/clock.ts';
import { CUSTOMER, later, NOW, PAIR, sampleSession } from '../../support/fakes/samples.ts';
import { fakeSecret } from '../../support/fakes/secret.ts';
import { makeWorld, type World } from '../../support/fakes/world.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});

const secret = fakeSecret('the key of the world');

/** A process with as much time as it is given; `dies` ends it at its nth call to a store. */
function processOf({ seconds = 29, key = secret, dies = Number.POSITIVE_INFINITY } = {}) {
  const { clock, erasing, telemetry } = world;
  let calls = 0;
  const link = async <R>(_: string, apply: () => R): Promise<R> => {
    calls += 1;
    if (calls > dies) throw new Error('killed');
    await Promise.resolve();
    return apply();
  };
  const stores = {
    messages: world.messages.over(link),
    sessions: world.sessions.over(link),
    callbacks: world.callbacks.over(link),
    aliases: world.aliases.over(link),
    personAliases: world.personAliases.over(link),
    templateLocks: world.templateLocks.over(link),
    erasedOptOuts: world.erasedOptOuts.over(link),
    tombstones: erasing.tombstones.over(link),
    erasures: erasing.erasures.over(link),
    campaigns: erasing.campaigns.over(link),
  };
  const deps = {
    ...stores,
    clock,
    telemetry,
    random: namedRandom(`erasure-${dies}`),
    erasureKey: makeErasureKey(key, clock),
    erasureQueue: erasing.queue.over(link),
    run: runErasureOf({ ...stores, clock, telemetry }, erasing.objects.over(link)),
    people: { pairsOf: () => Promise.resolve([PAIR] as const) },
  };
  const deadlineAt = () => later(seconds, clock.now());
  return {
    erase: (by: Pick<Caller, 'numbers'> = {}) =>
      makeErase(deps).erase(PAIR, {
        clientId: 'client-1',
        correlationId: 'c',
        deadlineAt: deadlineAt(),
        ...by,
      }),
    resume: (id: string) => makeResumeErasure(deps)(id, deadlineAt()),
    resumeLost: makeResumeLost(deps),
    calls: () => calls,
  };
}

async function seed(): Promise<void> {
  await world.sessions.create(sampleSession());
  for (const n of [1, 2, 3]) await world.callbacks.keepRaw(`{"n":${n},"from":"+${CUSTOMER}"}`, NOW);
  world.erasing.objects.place('uploads/c/1.csv', `to\n${CUSTOMER}\n`);
}

const isClean = () =>
  world.sessions.all().length === 0 &&
  world.callbacks.raw().length === 0 &&
  !world.erasing.objects.contentOf('uploads/c/1.csv')?.includes(CUSTOMER);

const only = (): Erasure | undefined => world.erasing.erasures.all()[0];

describe('an erasure', () => {
  it('that ends while its caller waits leaves nothing of itself', async () => {
    await seed();
    expect(await processOf().erase()).toBeUndefined();
    expect(isClean()).toBe(true);
    expect(world.erasing.erasures.all()).toEqual([]);
  });

  it.each([29, 5])(
    'for a client with numbers of its own leaves callbacks of others, with %i s',
    async (seconds) => {
      await seed();
      const own = `{"from":"${CUSTOMER}","to":"${PAIR.business}"}`;
      await world.callbacks.keepRaw(own, NOW);
      const begun = await processOf({ seconds }).erase({ numbers: [PAIR.business] });
      if (begun) await processOf({ seconds: 900 }).resume(begun.erasureId);
      expect(world.sessions.all()).toEqual([]);
      expect(world.callbacks.raw()).toHaveLength(3);
      expect(world.callbacks.raw()).not.toContain(own);
    },
  );

  it.each([
    [128 * 1024, 'done'],
    [128 * 1024 + 1, 'left to the planner'],
  ])('searches a file of %i bytes while its caller waits, or not: %s', async (bytes, end) => {
    await seed();
    const file = `to\n${CUSTOMER}\n`;
    world.erasing.objects.place('uploads/c/2.csv', `${file}${'1\n'.repeat(bytes)}`.slice(0, bytes));
    const begun = await processOf().erase();
    expect(begun?.place).toEqual(end === 'done' ? undefined : { step: 'files', after: 'uploads/c/1.csv' });
    if (begun) {
      expect(world.erasing.objects.contentOf('uploads/c/2.csv')).toContain(CUSTOMER);
      await processOf({ seconds: 900 }).resume(begun.erasureId);
    }
    expect(world.erasing.objects.contentOf('uploads/c/2.csv')).not.toContain(CUSTOMER);
    expect(isClean()).toBe(true);
  });

  it('without the key deletes nothing', async () => {
    await seed();
    const key = fakeSecret('');
    key.breakWith(new AppError('store-unavailable', 'The erasure key could not be read.'));
    await expect(processOf({ key }).erase()).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(world.sessions.all()).toHaveLength(1);
    expect(world.callbacks.raw()).toHaveLength(3);
    expect(world.erasing.erasures.all()).toEqual([]);
  });

  it('that takes longer goes on without its caller, and does not name the person meanwhile', async () => {
    await seed();
    const begun = await processOf({ seconds: 5 }).erase();
    expect(begun).toMatchObject({ state: 'running' });
    expect(JSON.stringify(only())).not.toContain(CUSTOMER);
    const [job] = world.erasing.queue.take();
    expect(job).toEqual({ erasureId: begun?.erasureId, delaySeconds: 0 });
    await processOf({ seconds: 900 }).resume(begun?.erasureId ?? '');
    expect(isClean()).toBe(true);
    expect(only()).toMatchObject({ state: 'done', counts: { callbacks: 3, files: 1 } });
    expect(only()?.sealed).toBeUndefined();
  });

  it('killed at any call to a store is found by the tick, and ends', async () => {
    await seed();
    const whole = processOf();
    await whole.erase();
    const calls = whole.calls();
    expect(calls).toBeGreaterThan(15);
    for (let dies = 1; dies < calls; dies += 1) {
      world = makeWorld();
      await seed();
      await processOf({ dies })
        .erase()
        .catch(() => undefined);
      if (!only()) continue;
      world.clock.advance(17 * 60_000);
      await processOf().resumeLost();
      for (const { erasureId } of world.erasing.queue.take())
        await processOf({ seconds: 900 }).resume(erasureId);
      expect([dies, isClean()]).toEqual([dies, true]);
      expect(world.erasing.erasures.all().filter(({ state }) => state !== 'done')).toEqual([]);
    }
  });

  it('waits for a planner that began before it, and then goes through the files once more', async () => {
    await seed();
    const planning = { planId: 'p', dryRun: false, since: NOW, rows: 0, tries: 1 };
    const campaignId = 'c' as CampaignId;
    const dueAt = later(900);
    await world.erasing.campaigns.create(sampleCampaign({ campaignId, state: 'planning', planning, dueAt }));
    const begun = await processOf().erase();
    expect(begun).toMatchObject({ state: 'running', place: { step: 'planners' } });
    expect(world.erasing.queue.take()).toEqual([{ erasureId: begun?.erasureId, delaySeconds: 30 }]);
    world.erasing.objects.place('plans/c/p/0.jsonl', `[2,"${CUSTOMER}",{}]\n`);
    world.clock.advance(17 * 60_000);
    await processOf({ seconds: 900 }).resume(begun?.erasureId ?? '');
    expect(world.erasing.objects.contentOf('plans/c/p/0.jsonl')?.trim()).toBe('');
    expect(only()).toMatchObject({ state: 'done' });
  });

  it('leaves a file and a session that came after it', async () => {
    await seed();
    const begun = await processOf({ seconds: 5 }).erase();
    world.clock.advance(60_000);
    const now = world.clock.now();
    await world.sessions.create(sampleSession(now));
    world.erasing.objects.place('uploads/c/2.csv', `to\n${CUSTOMER}\n`, now);
    await processOf({ seconds: 900 }).resume(begun?.erasureId ?? '');
    expect(world.sessions.all()).toHaveLength(1);
    expect(world.erasing.objects.contentOf('uploads/c/2.csv')).toContain(CUSTOMER);
  });
});

describe('an export', () => {
  const asker = { clientId: 'client-1', deadlineAt: later(29) };

  it('has what is held of the person, page by page', async () => {
    await seed();
    const { exportContact, send } = world.process('api');
    await send();
    const first = await exportContact(PAIR, undefined, asker);
    expect(first).toMatchObject({
      from: PAIR.business,
      to: CUSTOMER,
      userIds: [],
      session: { optedOut: false, openedAt: NOW.toISOString() },
      messages: [{ to: CUSTOMER, clientId: 'client-1', timeline: expect.anything() }],
    });
    let page = first;
    const callbacks = [];
    while (page.next) {
      page = await exportContact(PAIR, page.next, asker);
      callbacks.push(...page.callbacks);
    }
    expect(callbacks).toHaveLength(3);
    const limited = { ...asker, numbers: [PAIR.business] };
    const place = Buffer.from('{"of":"callbacks"}').toString('base64url');
    expect(await exportContact(PAIR, place, limited)).toMatchObject({ callbacks: [], next: null });
    const after = { partition: 'raw', pk: 'raw#1', dueAt: 1e308 };
    const forged = [{ of: 'else' }, { of: 'callbacks', after }];
    const places = forged.map((one) => Buffer.from(JSON.stringify(one)).toString('base64url'));
    for (const after of ['x', ...places])
      await expect(exportContact(PAIR, after, asker)).rejects.toMatchObject({
        code: 'invalid-request',
      });
  });
});
