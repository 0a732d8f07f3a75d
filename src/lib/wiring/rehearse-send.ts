import { marshall } from '@aws-sdk/util-dynamodb';
import { rehearsedPost } from '../http/rehearsed-request.ts';
import { undiciTransport } from '../platform/aws-transport-undici.ts';
import { systemClock, systemRandom } from '../platform/clock.ts';
import type { Clock, Telemetry } from '../platform/ports.ts';
import { withinMs } from '../platform/time-limit.ts';
import { sessionCodec } from '../sessions/dynamo-sessions.ts';
import type { Pair } from '../whatsapp/phone.ts';
import { SESSION_MS } from '../whatsapp/session-window.ts';
import { makeMemoryPeer } from './memory-peer.ts';
import { type Send, sendPortsOf } from './sending.ts';
import { type Entry, sendSettings, tableOf } from './stores.ts';
import { sendUseCases } from './use-cases.ts';

/*
 * One whole send at init, answered from memory. Most of a first send is code that runs for the first time, and init has
 * more CPU than the invocation: rehearsed, a first send takes half of the time, at the share of 512 MB a third (71 instead
 * of 232 ms; ADR 020).
 *
 * The rehearsal has clients, stores and use cases of its own, over connections in memory. No real send can meet one of
 * them, and the rehearsal can reach no network, table, queue, log or metric. Nothing is left of it when it ends, since
 * Lambda freezes the process then.
 */

/** An environment that starts must not wait for long, whatever goes wrong. */
const LIMIT_MS = 1_000;

/** Fictitious numbers: 555-01xx is reserved for them. */
const PAIR = { business: '12025550100', customer: '12025550199' } as Pair;
const FLOW = {
  messageId: 'rehearsal',
  to: PAIR.customer,
  from: PAIR.business,
  text: 'Rehearsal',
  flowId: 'rehearsal',
  flowCta: 'Rehearse',
  screen: 'FIRST',
  data: { of: 'a send' },
};

type Invocation = ReturnType<typeof rehearsedPost>;

type Handler = (
  event: Invocation['event'],
  context: Invocation['context'],
) => Promise<{ readonly statusCode?: number | undefined }>;

/**
 * Rehearses a send with the handler that `handlerOf` makes. Never rejects: a rehearsal that fails is one warning.
 * Returns the calls that were answered from memory, in their order.
 */
export async function rehearseSend(
  handlerOf: (send: Pick<Send, 'stores' | 'sendFlow'>) => Handler,
  { config, telemetry }: Pick<Entry, 'config' | 'telemetry'>,
): Promise<readonly string[]> {
  const calls: string[] = [];
  const peer = makeMemoryPeer((request) => {
    const { name, answer } = answerTo(request);
    calls.push(name);
    return answer;
  });
  // No limits over the wire: undici checks them with a timer that outlasts the call, and so init.
  const limits = { headersTimeout: 0, bodyTimeout: 0 };
  const transport = undiciTransport(CLOCK, { connect: peer.connect, ...limits });
  const faults: unknown[] = [];
  try {
    const entry = {
      functionName: 'sendFlow',
      config,
      transport,
      telemetry: keeping(faults),
      clock: CLOCK,
      random: systemRandom,
    };
    const { event, context } = rehearsedPost('/v1/flows', FLOW);
    const handler = handlerOf(wireRehearsal(entry, peer.connect));
    const { statusCode } = await withinMs(LIMIT_MS, () => handler(event, context));
    if (statusCode !== 201) throw faults[0] ?? new Error(`the rehearsal was answered with ${statusCode}`);
  } catch (fault) {
    telemetry.warn('rehearsal.failed', { fault: namesOf(fault), calls });
  } finally {
    await peer.close();
    transport.destroy();
  }
  return calls;
}

function wireRehearsal(entry: Entry, connect: Parameters<typeof sendPortsOf>[2]) {
  const own = { ...entry, maxAttempts: 1 };
  const ports = sendPortsOf(own, tableOf(own), connect);
  const enqueue = () => Promise.reject(new Error('a rehearsal enqueues nothing'));
  const queue = { enqueue, watch: enqueue };
  const stores = { ...ports, queue };
  return { stores, ...sendUseCases(stores, { ...sendSettings(entry.config), gatewayAttempts: 1 }) };
}

/** A pause would be one before a repeat, and there is none. */
const CLOCK: Clock = {
  now: systemClock.now,
  sleep: () => Promise.reject(new Error('a rehearsal does not wait')),
};

/** Writes nothing, and keeps the faults. */
function keeping(faults: unknown[]): Telemetry {
  const nothing = () => {};
  const error: Telemetry['error'] = (_, fault) => void faults.push(fault);
  return { info: nothing, warn: nothing, count: nothing, counts: nothing, measure: nothing, error };
}

/** The kinds of a fault and of its causes. Their messages may quote a setting. */
function namesOf(fault: unknown): string {
  if (!(fault instanceof Error)) return typeof fault;
  return fault.cause === undefined ? fault.name : `${fault.name}: ${namesOf(fault.cause)}`;
}

/** What AWS or LipaChat is asked for, and what it would answer: a send that succeeds. */
function answerTo(request: string): { name: string; answer: object } {
  const [, operation] = /\r\nx-amz-target: \w+\.(\w+)/i.exec(request) ?? [];
  if (operation === 'PutItem') return { name: operation, answer: {} };
  if (operation === 'GetItem') return { name: operation, answer: { Item: openSession() } };
  if (operation === 'GetParameter') {
    return { name: operation, answer: { Parameter: { Name: 'rehearsal', Value: 'rehearsal' } } };
  }
  if (operation) return { name: operation, answer: {} };
  const [, messageId] = /"messageId":"([^"]+)"/.exec(request) ?? [];
  const data = {
    messageId,
    waId: 'wamid.rehearsal',
    status: 'SENT',
    statusDesc: 'Message sent successfully',
  };
  const timestamp = '2026-01-01T12:00:00.123456789';
  return { name: 'sendFlow', answer: { timestamp, data, status: 'success', message: '', errors: null } };
}

function openSession() {
  const openedAt = systemClock.now();
  const expiresAt = new Date(openedAt.getTime() + SESSION_MS);
  const item = sessionCodec.toItem({ pair: PAIR, window: { openedAt, lastInboundAt: openedAt, expiresAt } });
  return marshall(
    { ...item, pk: sessionCodec.pkOf(PAIR), rev: 'rehearsal' },
    { removeUndefinedValues: true },
  );
}
