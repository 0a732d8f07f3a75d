/** LipaChat in memory: it deduplicates by messageId, logs its deliveries, and behaves as a test configures it. */

import type { Gateway, TemplateRequest } from '../../../src/lib/lipachat/ports.ts';
import type { FlowRequest } from '../../../src/lib/messages/message.ts';
import type { Outcome } from '../../../src/lib/messages/outcome.ts';
import type { Clock } from '../../../src/lib/platform/ports.ts';
import { type Link, straight } from './link.ts';

/** A flow as LipaChat gets it: under our messageId, or one derived from it. */
type WireFlow = Omit<FlowRequest, 'messageId'> & { readonly messageId: string };

/** What the gateway does with one call. */
export type Turn =
  /** Delivers the message, unless it knows the id, and responds with its receipt. */
  | 'accept'
  /** The same, but the response is lost. */
  | 'accept-unheard'
  /** The request left and is lost on its way. */
  | 'lost'
  /** Delivers the message, but takes `ms` to respond: past the call's time the response does not count. */
  | { readonly slowMs: number }
  /** Responds with this, and delivers nothing. */
  | Outcome;

interface FakeCall {
  readonly request: WireFlow;
  readonly apiKey: string;
  readonly timeoutMs: number;
  readonly at: Date;
  readonly outcome: Outcome;
  /** True if the request left: it was delivered, or may have been. */
  readonly left: boolean;
  /** The link that the call came over. */
  readonly by: Link;
}

export interface FakeGateway extends Gateway {
  over(link: Link): Gateway;
  /** The behaviour for the next calls, in order. After them each call is accepted. */
  next(...turns: readonly Turn[]): void;
  /** The behaviour for every call once nothing else is planned. */
  always(turn: Turn): void;
  /** The response to a repeat of a known id. `delivers` means no deduplication. Default: the same receipt. */
  onRepeat: 'receipt' | 'duplicate' | 'delivers';
  /** The accepted keys. Default: any. */
  apiKeys: readonly string[] | undefined;
  /** Each message that a customer got. */
  readonly deliveries: readonly WireFlow[];
  /** Each call that reached the gateway, in order. */
  readonly calls: readonly FakeCall[];
  /** The behaviour for the next template messages, in order. After them each is accepted. */
  nextTemplates(...turns: readonly Turn[]): void;
  /** Each template message that a customer got. */
  readonly templates: readonly TemplateRequest[];
  readonly templateCalls: readonly (TemplateRequest & { readonly left: boolean })[];
}

export const waIdOf = (messageId: string): string => `wamid.${messageId}`;

const leaves = (turn: Turn): boolean =>
  typeof turn === 'string' || !('kind' in turn) || turn.kind === 'ambiguous';

export function fakeGateway(clock: Clock): FakeGateway {
  const planned: Turn[] = [];
  const deliveries: WireFlow[] = [];
  const calls: FakeCall[] = [];
  const plannedTemplates: Turn[] = [];
  const templates: TemplateRequest[] = [];
  const templateCalls: (TemplateRequest & { left: boolean })[] = [];
  let otherwise: Turn = 'accept';

  function receive<R extends { readonly messageId: string }>(request: R, delivered: R[]): Outcome {
    const { messageId } = request;
    const known = delivered.some((d) => d.messageId === messageId);
    if (!known || gateway.onRepeat === 'delivers') delivered.push(request);
    const envelope = { data: { messageId, waId: waIdOf(messageId), status: 'SENT' }, status: 'success' };
    if (known && gateway.onRepeat === 'duplicate') {
      const refusal = { data: null, status: 'error', message: 'Duplicate messageId' };
      return { kind: 'rejected', message: refusal.message, duplicate: true, envelope: refusal };
    }
    return { kind: 'accepted', waId: waIdOf(messageId), envelope };
  }

  /** A wrong key is refused whatever else was planned for the call, and uses that up. */
  function turnFor(apiKey: string, turn: Turn): Turn {
    return gateway.apiKeys && !gateway.apiKeys.includes(apiKey) ? { kind: 'credentials' } : turn;
  }

  function take(turn: Turn, deliver: () => Outcome, timeoutMs: number): { outcome: Outcome; tookMs: number } {
    const unheard = { kind: 'ambiguous', reason: 'LipaChat did not respond in time' } as const;
    if (turn === 'accept') return { outcome: deliver(), tookMs: 0 };
    if (turn === 'lost') return { outcome: unheard, tookMs: 0 };
    if (turn === 'accept-unheard') {
      deliver();
      return { outcome: unheard, tookMs: 0 };
    }
    if ('kind' in turn) return { outcome: turn, tookMs: 0 };
    const outcome = deliver();
    return turn.slowMs > timeoutMs
      ? { outcome: unheard, tookMs: timeoutMs }
      : { outcome, tookMs: turn.slowMs };
  }

  function over(link: Link): Gateway {
    return {
      async sendFlow(flow, { apiKey, timeoutMs, gatewayMessageId }) {
        const request: WireFlow = { ...flow, messageId: gatewayMessageId };
        if (timeoutMs <= 0) return { kind: 'notSent', reason: 'no time was left for a call' };
        const at = clock.now();
        const { outcome, tookMs } = await link('sendFlow', () => {
          const turn = turnFor(apiKey, planned.shift() ?? otherwise);
          const taken = take(turn, () => receive(request, deliveries), timeoutMs);
          const left = leaves(turn);
          calls.push({ request, apiKey, timeoutMs, at, outcome: taken.outcome, left, by: link });
          return taken;
        });
        if (tookMs > 0) await clock.sleep(tookMs);
        return outcome;
      },
      async sendTemplate(request, { apiKey, timeoutMs }) {
        if (timeoutMs <= 0) return { kind: 'notSent', reason: 'no time was left for a call' };
        const { outcome, tookMs } = await link('sendTemplate', () => {
          const turn = turnFor(apiKey, plannedTemplates.shift() ?? 'accept');
          templateCalls.push({ ...request, left: leaves(turn) });
          return take(turn, () => receive(request, templates), timeoutMs);
        });
        if (tookMs > 0) await clock.sleep(tookMs);
        return outcome;
      },
    };
  }

  const gateway: FakeGateway = {
    ...over(straight),
    over,
    next: (...turns) => {
      planned.push(...turns);
    },
    always: (turn) => {
      otherwise = turn;
    },
    onRepeat: 'receipt',
    apiKeys: undefined,
    deliveries,
    calls,
    nextTemplates: (...turns) => {
      plannedTemplates.push(...turns);
    },
    templates,
    templateCalls,
  };
  return gateway;
}
