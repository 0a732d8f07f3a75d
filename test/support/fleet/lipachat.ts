/** The simulator's control API in the words of a test: what LipaChat did, and what it is to do. */
import type { FaultRule } from '../../../local/simulator/fault-kinds.ts';
import type { Settings, StatusWord } from '../../../local/simulator/settings.ts';
import type { SimulatorProcess } from '../simulator.ts';

export type Delivery = {
  messageId: string;
  waId: string;
  to: string;
  from: string;
  body: unknown;
  kind: 'flow' | 'template' | 'text';
  at: string;
};
export type Call = {
  messageId: string | null;
  path: string;
  body: unknown;
  apiKeyRight: boolean;
  outcome: string;
  fault: string | null;
  headers: Record<string, string>;
};
export type WebhookResult = { status: number | null };
export type Fault = { kind: FaultRule['fault']['kind'] } & Record<string, unknown>;
export type Config = Partial<Omit<Settings, 'callbacks'>> & { callbacks?: Partial<Settings['callbacks']> };

export type LipaChat = ReturnType<typeof createLipaChat>;

export const createLipaChat = ({ control }: Pick<SimulatorProcess, 'control'>) => {
  const about = (messageId?: string): string => (messageId === undefined ? '' : `?messageId=${messageId}`);
  return {
    /** Each time that a customer's phone rang. */
    deliveries: (messageId?: string) => control<Delivery[]>('GET', `deliveries${about(messageId)}`),
    /** Every request for a message, whatever became of it. */
    calls: (messageId?: string) => control<Call[]>('GET', `requests${about(messageId)}`),
    /** The next `times` requests (null: all) meet `fault`; without `messageId` those of any message. */
    fail: (fault: Fault, options: { messageId?: string; times?: number | null } = {}) => {
      const { messageId, times = 1 } = options;
      const match = messageId === undefined ? {} : { messageId };
      return control('PUT', 'faults', { match, times, fault });
    },
    mend: () => control('DELETE', 'faults'),
    configure: (config: Config) => control('PUT', 'config', config),
    /** A customer writes in, and our webhook hears of it; see customerMessage in local/simulator/inbound.ts. */
    writeIn: (customer: string, message: { to: string } & Record<string, unknown>) =>
      control<{ messageId: string; webhook: WebhookResult[] }>('POST', `customers/${customer}/messages`, {
        text: 'hello',
        ...message,
      }),
    /** A customer fills in a flow that was delivered; see flowReply in local/simulator/replies.ts. */
    fillIn: (customer: string, reply: { response: Record<string, unknown> } & Record<string, unknown>) =>
      control<{ messageId: string; webhook: WebhookResult[] }>(
        'POST',
        `customers/${customer}/flow-replies`,
        reply,
      ),
    /** A status callback about a delivered message. */
    report: (messageId: string, status: StatusWord, options: Record<string, unknown> = {}) =>
      control<{ webhook: WebhookResult[] }>('POST', `messages/${messageId}/status`, { status, ...options }),
    /** Any callback at all. */
    callBack: (body: unknown, options: Record<string, unknown> = {}) =>
      control<{ webhook: WebhookResult[] }>('POST', 'callbacks', { body, ...options }),
    pendingCallbacks: async () =>
      (await control<{ pendingCallbacks: number }>('GET', 'state')).pendingCallbacks,
  };
};
