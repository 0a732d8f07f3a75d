/** What client B does in one world: a script of a seed, the same in every world. */
import { createRandom } from '../../../local/random.ts';

/** Names of things; a world has its own number, customers and, without a namespace, ids for them. */
export type Step =
  | { do: 'send'; id: number; to: number; text: number; isAsync: boolean }
  | { do: 'park'; id: number; to: number; withTemplate: boolean }
  | { do: 'write'; to: number; text: 'hello' | 'STOP' | 'START' }
  | { do: 'report'; id: number; status: 'DELIVERED' | 'READ' }
  | { do: 'read'; id: number }
  | { do: 'session'; to: number }
  | { do: 'opt-out' | 'opt-in' | 'erase'; to: number }
  | { do: 'create'; campaign: number; variant: number; to: number[]; isOf01: boolean }
  | { do: 'plan' | 'start' | 'pause' | 'cancel' | 'show' | 'recipients' | 'upload'; campaign: number }
  | { do: 'many'; count: number }
  | { do: 'list' }
  | { do: 'schedule'; to: number; isOf01: boolean };

export type Kind = 'another number' | 'another namespace' | 'no namespace';

export type Script = {
  seed: number;
  kind: Kind;
  /** B has the scope `admin`, too: it may erase. */
  isAdmin: boolean;
  steps: Step[];
};

/** Customers whose window is open, and those who have never written. */
export const OPEN = 3;
export const SHUT = 3;
export const IDS = 4;
export const CAMPAIGNS = 3;
const STEPS = 12;

const KINDS: Kind[] = ['another number', 'another namespace', 'no namespace'];

export const scriptOf = (seed: number): Script => {
  const random = createRandom(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const maybe = (part: number): boolean => random() < part;
  const kind = KINDS[seed % KINDS.length] ?? 'no namespace';
  const isOf01 = kind === 'no namespace' && maybe(0.6);
  const open = () => below(OPEN);
  const anyone = () => below(OPEN + SHUT);
  let parked = 0;

  const create = (campaign: number): Step => {
    const to = Array.from({ length: OPEN }, (_, n) => n).filter(() => maybe(0.7));
    return { do: 'create', campaign, variant: below(2), to: to.length > 0 ? to : [open()], isOf01 };
  };
  const makers: (() => Step[])[] = [
    () => [{ do: 'send', id: below(IDS), to: open(), text: below(2), isAsync: maybe(0.2) }],
    () => [{ do: 'send', id: below(IDS), to: anyone(), text: 0, isAsync: false }],
    () => {
      // One flow waits for a customer at most: the order of several is a matter of time.
      if (parked === SHUT) return [{ do: 'list' }];
      const to = OPEN + parked;
      const id = IDS + parked;
      parked += 1;
      const park: Step = { do: 'park', id, to, withTemplate: maybe(0.5) };
      return maybe(0.7) ? [park, { do: 'write', to, text: 'hello' }] : [park];
    },
    () => [{ do: 'write', to: anyone(), text: maybe(0.6) ? 'hello' : maybe(0.5) ? 'STOP' : 'START' }],
    () => [
      {
        do: 'report',
        id: below(IDS),
        status: maybe(0.5) ? 'DELIVERED' : 'READ',
      },
    ],
    () => [{ do: 'read', id: below(IDS + SHUT) }],
    () => [{ do: 'session', to: anyone() }],
    () => [{ do: (['opt-out', 'opt-in', 'erase'] as const)[below(3)] ?? 'opt-out', to: anyone() }],
    () => [create(below(CAMPAIGNS))],
    () => {
      const campaign = below(CAMPAIGNS);
      return [
        create(campaign),
        { do: 'plan', campaign },
        { do: 'start', campaign },
        { do: 'recipients', campaign },
      ];
    },
    () => {
      const does = (['plan', 'start', 'pause', 'cancel', 'show', 'recipients', 'upload'] as const)[below(7)];
      return [{ do: does ?? 'show', campaign: below(CAMPAIGNS) }];
    },
    () => [{ do: 'list' }],
  ];
  const steps: Step[] = [];
  while (steps.length < STEPS) steps.push(...(makers[below(makers.length)]?.() ?? []));
  if (maybe(0.1)) steps.splice(below(steps.length), 0, { do: 'many', count: 26 + below(3) });
  if (maybe(0.4)) steps.push({ do: 'schedule', to: open(), isOf01 });
  steps.push({ do: 'list' });
  return { seed, kind, isAdmin: kind !== 'no namespace' && maybe(0.5), steps };
};
