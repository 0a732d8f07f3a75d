/** What is not understood or can't be stored: kept raw with its reason, counted, and alone. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Callback } from '../../../src/lib/lipachat/callback.ts';
import { NotStorable } from '../../../src/lib/platform/errors.ts';
import type { PhoneNumber } from '../../../src/lib/whatsapp/phone.ts';
import { faultyLink, storeDown } from '../../support/fakes/link.ts';
import { NOW, PAIR } from '../../support/fakes/samples.ts';
import { makeWorld, type World } from '../../support/fakes/world.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});

const from = (n: number, changes: Partial<Callback & { kind: 'inbound' }> = {}): Callback => ({
  kind: 'inbound',
  id: `wamid.${n}`,
  pair: { ...PAIR, customer: `25470000010${n}` as PhoneNumber },
  writtenAt: undefined,
  said: ['hi'],
  reply: undefined,
  ...changes,
});
const template = (templateName: string): Callback => ({
  kind: 'template',
  status: { templateId: undefined, templateName, status: 'APPROVED' },
});
const raws = () => world.callbacks.listRaw(100);
const windows = () => world.sessions.all().filter(({ window }) => window).length;

/** A process whose store fails for the third message. */
const failing = (fault: unknown) => {
  let remembered = 0;
  return world.process('failing', {
    link: (call, apply) => {
      remembered += call === 'remember' ? 1 : 0;
      return call === 'remember' && remembered === 3 ? Promise.reject(fault) : Promise.resolve(apply());
    },
  });
};

describe('poison', () => {
  it.each([
    new NotStorable(new Error('Item size has exceeded the maximum allowed size')),
    new TypeError('x is not iterable'),
    new RangeError('Invalid time value'),
  ])('is kept raw and counted, and its neighbours are handled: %s', async (fault) => {
    await failing(fault).handleCallbacks([from(1), from(2), from(3), from(4)]);
    expect(windows()).toBe(3);
    expect(await raws()).toMatchObject([{ why: 'poison', receivedAt: NOW }]);
    expect(world.telemetry.counted('callback.poison')).toBe(1);
  });

  it('is no fault that may pass: that is thrown, after all others were handled', async () => {
    const p = failing(storeDown());
    await expect(p.handleCallbacks([from(1), from(2), from(3), from(4)])).rejects.toMatchObject({
      code: 'store-unavailable',
    });
    expect(windows()).toBe(3);
    expect(await raws()).toEqual([]);
  });

  it('is tried again where it cannot be kept', async () => {
    const faults = faultyLink();
    faults.fail('keepRaw', 'before');
    const p = world.process('p', { link: faults.link });
    const entries = [template('x'.repeat(3_000)), from(1)];
    await expect(p.handleCallbacks(entries)).rejects.toMatchObject({ code: 'store-unavailable' });
    await p.handleCallbacks(entries);
    expect(await raws()).toMatchObject([{ why: 'poison' }]);
  });

  it.each([
    ['a name', template('x'.repeat(513))],
    ['a name, hashed,', template(`sha256:${'a'.repeat(64)}`)],
    [
      'a status',
      { kind: 'template', status: { templateId: '1', templateName: 'a', status: 'x'.repeat(513) } },
    ],
    ['an id', { kind: 'template', status: { templateId: '1'.repeat(513), templateName: 'a', status: 'x' } }],
  ] as [string, Callback][])('is a template status with %s longer than any', async (_, entry) => {
    await world.process('p').handleCallbacks([entry, template('x'.repeat(512))]);
    expect(world.callbacks.templates()).toHaveLength(1);
    expect(await raws()).toMatchObject([{ why: 'poison' }]);
  });
});

describe('an entry with fields that cannot be read', () => {
  it('counts without them, and they are named in the log, without values', async () => {
    const unread = { fields: ['timestamp', 'number 254717746565'], raw: '{"timestamp":[1]}' };
    await world.process('p').handleCallbacks([{ ...from(1), unread } as Callback]);
    expect(windows()).toBe(1);
    expect(await raws()).toMatchObject([{ text: unread.raw, why: 'unread' }]);
    expect(world.telemetry.counted('callback.field.unread')).toBe(1);
    const line = world.telemetry.lines.find(({ event }) => event === 'callback.field.unread');
    expect(line?.fields).toMatchObject({ kind: 'inbound', fields: ['timestamp', 'number …'] });
  });
});

describe('a message that names no customer', () => {
  it('is kept raw, counted and logged', async () => {
    await world.process('p').handleCallbacks([{ kind: 'unplaced', raw: '{"text":"STOP"}' }]);
    expect(await raws()).toMatchObject([{ text: '{"text":"STOP"}', why: 'unplaced' }]);
    expect(world.telemetry.counted('callback.unplaced')).toBe(1);
    expect(world.telemetry.events('warn')).toEqual(['callback.unplaced']);
  });
});

it('counts entries and kinds', async () => {
  const notice = { kind: 'notice', about: 'group' } as const;
  const { kept } = await world
    .process('p')
    .handleCallbacks([from(1), from(2), notice, { kind: 'unrecognised', raw: '1' }]);
  expect(kept).toBe(1);
  expect(
    ['entries', 'inbound', 'notice', 'unrecognised'].map((n) => world.telemetry.counted(`callback.${n}`)),
  ).toEqual([4, 2, 1, 1]);
  expect(windows()).toBe(2);
});
