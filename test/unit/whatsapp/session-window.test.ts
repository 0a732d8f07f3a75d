/** The session window at its edges: the margin, the skew of clocks, and what moves or keeps it. */
import { describe, expect, it } from 'vitest';
import {
  afterConsent,
  afterGatewayClosed,
  afterInbound,
  afterSending,
  hasOptedOut,
  isOpen,
  SESSION_MS,
  type Session,
  wasShutSince,
} from '../../../src/lib/whatsapp/session-window.ts';
import { later, NOW, PAIR, sampleSession } from '../../support/fakes/samples.ts';

const DAY_S = 86_400;
/** The customer wrote at NOW: open until NOW and a day. */
const session = sampleSession();
const unknown: Session = { pair: PAIR };
const inbound = (written: number, now = written) => ({ writtenAt: later(written), now: later(now) });

describe('a session window', () => {
  it('lasts 24 hours', () => {
    expect(SESSION_MS).toBe(DAY_S * 1000);
  });

  it('is open until its margin before the end', () => {
    expect(isOpen(session, later(DAY_S - 60.001), 60)).toBe(true);
    expect(isOpen(session, later(DAY_S - 60), 60)).toBe(false);
  });

  it('is not open where the customer never wrote', () => {
    expect([isOpen(undefined, NOW, 60), isOpen(unknown, NOW, 60)]).toEqual([false, false]);
  });

  it('was shut since an instant more than five seconds after its end', () => {
    expect(wasShutSince(session, later(DAY_S + 5))).toBe(false);
    expect(wasShutSince(session, later(DAY_S + 5.001))).toBe(true);
  });

  it('was always shut where the customer never wrote', () => {
    expect([wasShutSince(undefined, NOW), wasShutSince(unknown, NOW)]).toEqual([true, true]);
  });
});

describe('an inbound message', () => {
  it('opens a window of 24 hours from when it was written', () => {
    expect(afterInbound(unknown, inbound(10, 20)).window).toEqual({
      openedAt: later(10),
      lastInboundAt: later(10),
      expiresAt: later(10 + DAY_S),
    });
  });

  it('prolongs an open window and leaves its opening alone', () => {
    expect(afterInbound(session, inbound(DAY_S - 1)).window).toEqual({
      openedAt: NOW,
      lastInboundAt: later(DAY_S - 1),
      expiresAt: later(2 * DAY_S - 1),
    });
  });

  it('opens the window anew from the instant at which it shuts', () => {
    expect(afterInbound(session, inbound(DAY_S)).window?.openedAt).toEqual(later(DAY_S));
  });

  it('changes nothing where it is no newer than the last one', () => {
    for (const at of [0, -1]) expect(afterInbound(session, inbound(at, 60))).toBe(session);
  });

  it('changes nothing from the instant at which it is a day old', () => {
    expect(afterInbound(unknown, inbound(0, DAY_S))).toBe(unknown);
    expect(afterInbound(unknown, inbound(0, DAY_S - 1)).window).toBeDefined();
  });

  it('counts as written now where its stamp is in the future', () => {
    expect(afterInbound(unknown, inbound(500, 20)).window?.lastInboundAt).toEqual(later(20));
  });
});

describe('WhatsApp’s report that the window is shut', () => {
  it('shuts an open window at once and keeps the rest of it', () => {
    expect(afterGatewayClosed(session, later(60))).toEqual({
      ...session,
      window: { ...session.window, expiresAt: later(60) },
    });
  });

  it('changes nothing where the window is shut or was never open', () => {
    expect(afterGatewayClosed(session, later(DAY_S))).toBe(session);
    expect(afterGatewayClosed(unknown, NOW)).toBe(unknown);
  });
});

describe('the consent of a customer', () => {
  const stop = { optedOut: true, at: NOW };
  const start = { optedOut: false, at: NOW };
  const stopped = afterConsent(session, stop);
  const started = afterConsent(session, start);

  it('is the first STOP or START, whatever its time', () => {
    expect(stopped).toMatchObject({ ...session, consent: stop });
    expect(started).toMatchObject({ ...session, consent: start });
  });

  it('is the latest STOP or START', () => {
    expect(afterConsent(stopped, { optedOut: false, at: later(1) }).consent?.optedOut).toBe(false);
    expect(afterConsent(stopped, { optedOut: false, at: later(-1) })).toBe(stopped);
  });

  it('is the STOP where both have the same time, in either order', () => {
    expect(afterConsent(started, stop)).toEqual(stopped);
    expect(afterConsent(stopped, start)).toBe(stopped);
  });

  it('is not changed by a repeat', () => {
    expect(afterConsent(stopped, { ...stop })).toBe(stopped);
    expect(afterConsent(started, { ...start })).toBe(started);
  });

  it('forbids messages only after a STOP', () => {
    const all = [undefined, session, started, stopped];
    expect(all.map(hasOptedOut)).toEqual([false, false, false, true]);
  });
});

describe('the pace of a pair', () => {
  it('is set by a send and only ever moves forward', () => {
    const paced = afterSending(session, later(6));
    expect(paced).toEqual({ ...session, paceUntil: later(6) });
    expect(afterSending(paced, later(6))).toBe(paced);
    expect(afterSending(paced, later(5))).toBe(paced);
    expect(afterSending(paced, later(7)).paceUntil).toEqual(later(7));
  });
});
