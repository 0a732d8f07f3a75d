import type { Aliased, MessageAliasStore } from '../../../src/lib/messages/ports.ts';
import { type Link, straight } from './link.ts';

export interface FakeAliases extends MessageAliasStore {
  over(link: Link): MessageAliasStore;
  /** The aliases stored now. */
  all(): readonly string[];
}

/** The aliases of messages, in memory. */
export function fakeAliases(): FakeAliases {
  const aliases = new Map<string, Aliased>();

  function over(link: Link): MessageAliasStore {
    return {
      keep: (alias, aliased) => link('keepAlias', () => void aliases.set(alias, aliased)),
      find: (alias) => link('messageOfAlias', () => aliases.get(alias)),
      drop: (dropped) => link('dropAliases', () => dropped.forEach((alias) => void aliases.delete(alias))),
    };
  }

  return { ...over(straight), over, all: () => [...aliases.keys()] };
}
