import { OPERATOR_PHRASES } from './operator-phrases.ts';
import type { OperatorTrouble } from './operator-vocabulary.ts';

/** Enough for any sentence; the rest of a longer text is not searched. */
const SEARCHED = 2_000;

/** The operator's trouble that the texts of a refusal name; undefined if they name none. */
export function operatorTroubleIn(texts: readonly string[]): OperatorTrouble | undefined {
  const read = texts.map(normalised);
  const isNamed = (trouble: OperatorTrouble) =>
    OPERATOR_PHRASES[trouble].some(({ phrase: pattern }) => read.some((text) => pattern.test(text)));
  return (Object.keys(OPERATOR_PHRASES) as OperatorTrouble[]).find(isNamed);
}

/** `InsufficientBalance`, `INSUFFICIENT_BALANCE` and `insufficient-balance` read the same. */
function normalised(words: string): string {
  return words
    .slice(0, SEARCHED)
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/[’‘]/g, "'")
    .replace(/[\s_-]+/g, ' ')
    .trim();
}
