/**
 * `npm run docs:diagrams`: draws the diagrams of docs/architecture.md from the code, in Mermaid: the lifecycles from
 * their tables, the rooms of src/lib from their imports. A test compares the page with what this writes.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { CAMPAIGN_TRANSITIONS, FIRST_STATE } from '../src/lib/campaigns/lifecycle.ts';
import { FIRST_STATUS, MESSAGE_TRANSITIONS } from '../src/lib/messages/lifecycle.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

type Arrows = readonly { readonly to: string; readonly when?: { readonly name: string } }[];

export interface Machine {
  readonly first: Readonly<Record<string, { readonly to: string }>>;
  readonly table: Readonly<Record<string, Readonly<Record<string, Arrows>>>>;
  /** States that are drawn as one where an arrow leaves all of them. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

export const MACHINES = {
  'lifecycle:message': {
    first: FIRST_STATUS,
    table: MESSAGE_TRANSITIONS,
    groups: {
      open: ['queued', 'parked', 'expired', 'sending', 'unknown', 'sent'],
      proven: ['sent', 'failed', 'delivered', 'read'],
    },
  },
  'lifecycle:campaign': {
    first: FIRST_STATE,
    table: CAMPAIGN_TRANSITIONS,
    groups: {
      unfinished: ['draft', 'planning', 'planned', 'scheduled', 'running', 'paused'],
      underWay: ['scheduled', 'running', 'paused'],
      unstarted: ['draft', 'planned', 'scheduled'],
    },
  },
} as const satisfies Record<string, Machine>;

/** All arrows between two states as one line. An arrow that keeps its state is not drawn. */
export function stateDiagram({ first, table, groups }: Machine): string[] {
  const starts = Object.entries(first).map(([label, { to }]) => ({ from: '[*]', to, label }));
  const edges = [...starts, ...grouped(edgesOf(table), groups)].filter(({ from, to }) => from !== to);
  return [
    'stateDiagram-v2',
    ...Object.entries(groups).map(([name, states]) => `    state "${listed(states)}" as ${name}`),
    ...[...Map.groupBy(edges, ({ from, to }) => `    ${from} --> ${to}`)].map(
      ([arrow, same]) => `${arrow} : ${same.map(({ label }) => label).join(', ')}`,
    ),
  ];
}

function edgesOf(table: Machine['table']): Edge[] {
  return Object.entries(table).flatMap(([from, events]) =>
    Object.entries(events).flatMap(([event, arrows]) =>
      arrows.map(({ to, when }) => ({
        from,
        to,
        // A guard decides where an event leads: with one arrow it only says whether.
        label: arrows.length > 1 && when ? `${event} [${when.name}]` : event,
      })),
    ),
  );
}

/** The arrows that leave every member of a group leave the group. */
function grouped(edges: readonly Edge[], groups: Machine['groups']): Edge[] {
  return Object.entries(groups).reduce<Edge[]>(
    (left, [name, members]) => {
      const isShared = (edge: Edge) =>
        members.every((from) =>
          left.some((e) => e.from === from && e.to === edge.to && e.label === edge.label),
        );
      const shared = left.filter((edge) => edge.from === members[0] && isShared(edge));
      const isDrawn = ({ from, to, label }: Edge) =>
        members.includes(from) && shared.some((edge) => edge.to === to && edge.label === label);
      return [...left.filter((edge) => !isDrawn(edge)), ...shared.map((edge) => ({ ...edge, from: name }))];
    },
    [...edges],
  );
}

const listed = (states: readonly string[]): string => `${states.slice(0, -1).join(', ')} or ${states.at(-1)}`;

/** Which room of src/lib imports which, `handlers` on top. */
export async function roomImports(): Promise<Map<string, Set<string>>> {
  const { output } = await cruise(
    ['src'],
    {
      baseDir: ROOT,
      doNotFollow: { path: 'node_modules' },
      includeOnly: '^src/',
      tsPreCompilationDeps: true,
      enhancedResolveOptions: { extensions: ['.ts'] },
    },
    undefined,
    { tsConfig: extractTSConfig(`${ROOT}tsconfig.json`) },
  );
  const rooms = new Map<string, Set<string>>();
  for (const { source, dependencies } of (output as ICruiseResult).modules) {
    const from = roomOf(source);
    if (from === undefined) continue;
    const imports = rooms.get(from) ?? new Set();
    rooms.set(from, imports);
    for (const { resolved } of dependencies) {
      const to = roomOf(resolved);
      if (to !== undefined && to !== from) imports.add(to);
    }
  }
  return rooms;
}

function roomOf(path: string): string | undefined {
  const [, room, top] = /^src\/(?:lib\/([^/]+)|(handlers))\//.exec(path) ?? [];
  return room ?? top;
}

/** From the top down. An arrow that a longer way implies is left out. */
export function roomsDiagram(rooms: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const reaches = (from: string, to: string): boolean =>
    from === to || [...(rooms.get(from) ?? [])].some((next) => reaches(next, to));
  const lines = [...rooms]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([from, imports]) => {
      const direct = [...imports].filter((to) => ![...imports].some((via) => via !== to && reaches(via, to)));
      return direct.length === 0 ? [] : [`    ${from} --> ${direct.toSorted().join(' & ')}`];
    });
  return ['flowchart TD', ...lines];
}

/** The page with its diagrams as the code has them. */
export async function withDiagrams(page: string): Promise<string> {
  const diagrams: Record<string, string[]> = {
    rooms: roomsDiagram(await roomImports()),
    ...Object.fromEntries(Object.entries(MACHINES).map(([name, machine]) => [name, stateDiagram(machine)])),
  };
  return Object.entries(diagrams).reduce((text, [name, lines]) => {
    const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`the page has no ${begin} … ${end}`);
    const block = [begin, '```mermaid', ...lines, '```', ''].join('\n');
    return text.slice(0, from) + block + text.slice(to);
  }, page);
}

if (import.meta.main) {
  const path = `${ROOT}docs/architecture.md`;
  await writeFile(path, await withDiagrams(await readFile(path, 'utf8')));
}
