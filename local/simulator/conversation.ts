import { freshWaId } from './envelope.ts';
import { digitsOf } from './http.ts';
import type { Send } from './messages.ts';

const windowMs = 24 * 3_600_000;

/** A message that reached a customer: one entry each time their phone would ring. `at` is ISO 8601. */
export type Delivery = Send & { waId: string; conversationId: string; at: string; status: string };

/** A customer-service window. Instants are ISO 8601. */
export type Session = { from: string; to: string; openedAt: string; expiresAt: string; open: boolean };

type Rules = { now: () => Date; sandboxNumber: string; joinCode: string };

/** A customer's message. `at` is the message's own time in epoch ms. */
export type Heard = { customer: string; business: string; text: string | undefined; at: number };

export type Conversation = ReturnType<typeof createConversation>;

/** WhatsApp's side: open windows and deliveries. */
export function createConversation({ now, sandboxNumber, joinCode }: Rules) {
  const openedAt = new Map<string, number>();
  const joined = new Set<string>();
  const deliveries: Delivery[] = [];
  const latest = new Map<string, Delivery>();
  const pair = (business: string, customer: string): string => `${business} ${customer}`;

  const isOpen = (business: string, customer: string): boolean => {
    const opened = openedAt.get(pair(business, customer));
    return opened !== undefined && now().getTime() < opened + windowMs;
  };

  return {
    isOpen,
    find: (messageId: string): Delivery | undefined => latest.get(messageId),
    deliveries: (): readonly Delivery[] => deliveries,

    /** Opens or extends the window. Returns false if a new customer wrote to the sandbox without the join code. */
    hear({ customer, business, text, at }: Heard): boolean {
      if (business === digitsOf(sandboxNumber) && !joined.has(customer)) {
        if (text?.trim().toLowerCase() !== joinCode.toLowerCase()) return false;
        joined.add(customer);
      }
      const key = pair(business, customer);
      const opened = Math.min(at, now().getTime());
      openedAt.set(key, Math.max(opened, openedAt.get(key) ?? opened));
      return true;
    },

    /** Delivers. Synchronous with `find`, so concurrent requests with one id can't both pass. */
    deliver(send: Send): Delivery {
      const delivery: Delivery = {
        ...send,
        waId: freshWaId(send.to),
        conversationId: `${send.from}-${send.to}`,
        at: now().toISOString(),
        status: 'SENT',
      };
      deliveries.push(delivery);
      latest.set(send.messageId, delivery);
      return delivery;
    },

    sessions(): Session[] {
      return [...openedAt].map(([key, opened]) => {
        const [from = '', to = ''] = key.split(' ');
        const iso = (epochMs: number): string => new Date(epochMs).toISOString();
        return { from, to, openedAt: iso(opened), expiresAt: iso(opened + windowMs), open: isOpen(from, to) };
      });
    },

    joined: (): string[] => [...joined],

    clear(): void {
      for (const kept of [openedAt, joined, latest]) kept.clear();
      deliveries.length = 0;
    },
  };
}
