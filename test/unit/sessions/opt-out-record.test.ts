/** An opt-out is kept in the session of its pair, or beside it once the session is erased. */
import { beforeEach, describe, expect, it } from 'vitest';
import { freshSession, recordOptOut } from '../../../src/lib/sessions/opt-out-record.ts';
import { manualClock } from '../../support/fakes/clock.ts';
import { later, NOW, PAIR, sampleSession } from '../../support/fakes/samples.ts';
import { fakeErasedOptOuts, fakeSessions } from '../../support/fakes/stores.ts';

let stores: {
  sessions: ReturnType<typeof fakeSessions>;
  erasedOptOuts: ReturnType<typeof fakeErasedOptOuts>;
};
beforeEach(() => {
  stores = { sessions: fakeSessions(manualClock(NOW)), erasedOptOuts: fakeErasedOptOuts() };
});

const consent = async () => (await stores.sessions.get(PAIR))?.value.consent;

describe('a new session', () => {
  it('knows nothing of a pair that was never erased', async () => {
    expect(await freshSession(stores.erasedOptOuts, PAIR)).toEqual({ pair: PAIR });
  });

  it('keeps the opt-out from before the erasure', async () => {
    await stores.erasedOptOuts.remember(PAIR, NOW);
    expect(await freshSession(stores.erasedOptOuts, PAIR)).toEqual({
      pair: PAIR,
      consent: { optedOut: true, at: NOW },
    });
  });
});

describe('an opt-out', () => {
  it('is recorded in the session where there is one', async () => {
    await stores.sessions.create(sampleSession());
    await recordOptOut(stores, PAIR, later(60));
    expect(await consent()).toEqual({ optedOut: true, at: later(60) });
    expect(await stores.erasedOptOuts.optedOutAt(PAIR)).toBeUndefined();
  });

  it('does not outweigh a later START', async () => {
    await stores.sessions.create({ ...sampleSession(), consent: { optedOut: false, at: later(120) } });
    await recordOptOut(stores, PAIR, later(60));
    expect(await consent()).toEqual({ optedOut: false, at: later(120) });
  });

  it('is kept without a session where the customer may have been erased', async () => {
    await recordOptOut(stores, PAIR, NOW);
    expect(await stores.sessions.get(PAIR)).toBeUndefined();
    expect(await stores.erasedOptOuts.optedOutAt(PAIR)).toEqual(NOW);
  });
});
