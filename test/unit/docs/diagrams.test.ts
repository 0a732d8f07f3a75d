/** The diagrams of docs/architecture.md match the code. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  MACHINES,
  type Machine,
  roomImports,
  roomsDiagram,
  stateDiagram,
  withDiagrams,
} from '../../../scripts/docs-diagrams.ts';
import { ROOT } from '../../support/readme.ts';

const page = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
const { forbidden } = createRequire(import.meta.url)(join(ROOT, '.dependency-cruiser.cjs')) as {
  forbidden: { name: string }[];
};

describe('the diagrams of docs/architecture.md', () => {
  it('match the code: update them with `npm run docs:diagrams`', async () => {
    expect(await withDiagrams(page)).toBe(page);
  });

  it('cannot be written to a page without a place for them', async () => {
    await expect(withDiagrams('# A page')).rejects.toThrow('<!-- rooms:begin -->');
  });
});

describe('the rooms', () => {
  const order = forbidden.flatMap(({ name }) => /^(.+)-imports-downwards$/.exec(name)?.[1] ?? []);
  const levels = [...order, 'handlers'];

  it('import only rooms below them', async () => {
    const rooms = await roomImports();
    expect([...rooms.keys()].toSorted()).toEqual(levels.toSorted());
    const up = [...rooms].flatMap(([from, imports]) =>
      [...imports].filter((to) => levels.indexOf(to) >= levels.indexOf(from)).map((to) => `${from} -> ${to}`),
    );
    expect(up).toEqual([]);
  });

  it('are drawn without arrows that a longer path implies', () => {
    const rooms = new Map([
      ['a', new Set<string>()],
      ['b', new Set(['a'])],
      ['c', new Set(['a', 'b'])],
    ]);
    expect(roomsDiagram(rooms)).toEqual(['flowchart TD', '    b --> a', '    c --> b']);
  });
});

describe('a state diagram', () => {
  const isLate = (): boolean => true;
  const machine: Machine = {
    first: { born: { to: 'a' } },
    table: {
      a: {
        go: [{ to: 'b', when: isLate }],
        stop: [{ to: 'c', when: isLate }, { to: 'b' }],
        stay: [{ to: 'a' }],
      },
      b: { go: [{ to: 'b', when: isLate }], stop: [{ to: 'c', when: isLate }] },
      c: {},
    },
    groups: {},
  };

  it('draws two arrows between the same states as one, names guards where they decide, and leaves out transitions to the same state', () => {
    expect(stateDiagram(machine)).toEqual([
      'stateDiagram-v2',
      '    [*] --> a : born',
      '    a --> b : go, stop',
      '    a --> c : stop [isLate]',
      '    b --> c : stop',
    ]);
  });

  it('draws an arrow that leaves every state of a group once', () => {
    expect(stateDiagram({ ...machine, groups: { both: ['a', 'b'] } })).toEqual([
      'stateDiagram-v2',
      '    state "a or b" as both',
      '    [*] --> a : born',
      '    a --> c : stop [isLate]',
      '    a --> b : stop',
      '    b --> c : stop',
      '    both --> b : go',
    ]);
  });

  it.each(Object.entries<Machine>(MACHINES))(
    'of %s has every transition of the table, and no others',
    (_, machine) => {
      const inTable = Object.entries(machine.table).flatMap(([from, events]) =>
        Object.values(events).flatMap((arrows) => arrows.map(({ to }) => `${from} ${to}`)),
      );
      const drawn = stateDiagram(machine).flatMap((line) => {
        const [, from, to] = /^ {4}(\w+) --> (\w+) :/.exec(line) ?? [];
        return from === undefined ? [] : (machine.groups[from] ?? [from]).map((state) => `${state} ${to}`);
      });
      const moves = (all: string[]) =>
        [...new Set(all)].filter((move) => new Set(move.split(' ')).size > 1).toSorted();
      expect(moves(drawn)).toEqual(moves(inTable));
    },
  );
});
