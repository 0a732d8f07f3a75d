/** Nothing but the two tables of transitions gives a message its status, or a campaign its state. */
import { describe, expect, it } from 'vitest';
import { stateSetters } from '../support/state-setters.ts';

const OFFENDERS = `
import type { Campaign } from './campaigns/campaign.ts';
import type { Message } from './messages/message.ts';
export const literal = (m: Message): Message => ({ ...m, status: 'failed' });
export const untyped = (m: Message) => ({ ...m, reason: 'x', status: 'failed' as const });
export const shorthand = (m: Message, status: 'failed') => ({ ...m, status });
export const partial: Partial<Message> = { status: 'failed' };
export const spread = (m: Message) => { const change = { status: 'failed' } as const; return { ...m, ...change }; };
export const maybe = (m: Message, is: boolean) => ({ ...m, ...(is ? { status: 'failed' as const } : {}) });
export const computed = (m: Message) => ({ ...m, ['status']: 'failed' as const });
export const assigned = (m: { -readonly [K in keyof Message]: Message[K] }) => { m.status = 'failed'; };
export const campaign = (c: Campaign): Campaign => ({ ...c, state: 'failed' });
export const copy = (m: Message): Message => ({ ...m, reason: 'x' });
export const merged = (m: Message, n: Message): Message => ({ ...m, ...n, tries: 1 });
export const view = (m: Message) => ({ messageId: m.messageId, status: m.status });
export const response = () => ({ status: 200, body: {} });
`;

describe('the lifecycles', () => {
  const found = stateSetters('src', { 'src/lib/offenders.ts': OFFENDERS });
  const isOffender = (setter: string) => setter.startsWith('src/lib/offenders.ts:');

  it('alone set the status of a message and the state of a campaign', () => {
    const files = found.filter((setter) => !isOffender(setter)).map((setter) => setter.replace(/:\d+/, ''));
    expect([...new Set(files)].toSorted()).toEqual([
      'src/lib/campaigns/lifecycle.ts sets state',
      'src/lib/messages/lifecycle.ts sets status',
    ]);
  });

  it('would not be the only ones, if anything else did: the look finds each way to set one, and no copy', () => {
    expect(found.filter(isOffender)).toEqual([
      ...[4, 5, 6, 7, 8, 9, 10, 11].map((line) => `src/lib/offenders.ts:${line} sets status`),
      'src/lib/offenders.ts:12 sets state',
    ]);
  });
});
