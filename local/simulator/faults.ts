import type { Fault, FaultRule } from './fault-kinds.ts';
import { digitsOf } from './http.ts';
import type { Entry } from './journal.ts';

/** A rule that waits. `left` is how often it may still hit; null means without limit. */
export type ArmedFault = FaultRule & { number: number; left: number | null; struck: number };

export type Faults = ReturnType<typeof createFaults>;

/** The pending faults. The oldest matching rule that isn't used up hits; a request gets at most one. */
export function createFaults() {
  const rules: ArmedFault[] = [];
  let count = 0;

  return {
    add(rule: FaultRule): ArmedFault {
      count += 1;
      const armed = { ...rule, number: count, left: rule.times, struck: 0 };
      rules.push(armed);
      return armed;
    },
    take(entry: Entry): Fault | undefined {
      const armed = rules.find((rule) => rule.left !== 0 && fits(rule.match, entry));
      if (armed === undefined) return undefined;
      armed.struck += 1;
      if (armed.left !== null) armed.left -= 1;
      return armed.fault;
    },
    list: (): readonly ArmedFault[] => rules,
    clear(): void {
      rules.length = 0;
    },
  };
}

function fits(match: FaultRule['match'], entry: Entry): boolean {
  const { messageId, to, path, attempt } = match;
  if (path === undefined ? entry.method !== 'POST' : belowVersion(path) !== entry.path) return false;
  if (messageId !== undefined && messageId !== entry.messageId) return false;
  if (to !== undefined && digitsOf(to) !== digitsOf(entry.to ?? '')) return false;
  return attempt === undefined || attempt === entry.attempt;
}

const belowVersion = (path: string): string => path.replace(/^\/api\/v1(?=\/)/, '');
