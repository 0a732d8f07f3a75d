import { OPERATOR_PHRASES } from './operator-phrases.ts';
import { namesOnlyOperator } from './operator-things.ts';
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

/**
 * A name of the message's own: `Template low_balance not found`, `Screen 'Rate limit'`. Without it, the refusal reads
 * the same for every name. A name has an underscore or quotes; `Template service is down` has none.
 */
const OWN_NAME =
  /\b(template|flow|screen|placeholder|component|parameter|property)s?((?: (?:name|id|key|called|named|with))*:? )(?:\w*_\w+|"[^"]*"|'[^']*'|`[^`]*`|“[^”]*”|«[^»]*»)/gi;

/*
 * A refusal that no phrase covers, but that addresses the account's holder ("You are not subscribed") or names what
 * only the operator or the gateway has ("Wallet not found"), and no part of a message. New wordings of old troubles
 * are like that. A refusal of a message names what is wrong with it, or says nothing at all.
 */

/** Whether a refusal without a phrase concerns the account's holder, not the message. */
export function addressesHolder(texts: readonly string[]): boolean {
  return namesOnlyOperator(texts.map(normalised).join(' '));
}

/** Names of one word in spite of their capital in the middle. */
const ONE_WORD = /\b(whats (?=app\b)|lipa (?=chat\b))/g;

/** `InsufficientBalance`, `INSUFFICIENT_BALANCE` and `insufficient-balance` read the same. */
function normalised(words: string): string {
  return unaccented(words)
    .replace(OWN_NAME, '$1')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ')
    .replace(ONE_WORD, (name) => name.trim())
    .trim();
}

/** The part of a text that rules search: `Accès` reads as `Acces`. */
export function unaccented(words: string): string {
  return words.slice(0, SEARCHED).normalize('NFD').replace(/\p{M}/gu, '').replace(/[’‘]/g, "'");
}
