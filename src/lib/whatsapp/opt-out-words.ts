/** What a customer types to stop or to restart messages, in English and Swahili. Compared with `bareWord`. */
export interface ConsentWords {
  readonly stop: readonly string[];
  readonly start: readonly string[];
}

export const DEFAULT_WORDS: ConsentWords = {
  stop: ['stop', 'unsubscribe', 'acha', 'simama', 'toka'],
  start: ['start', 'unstop', 'subscribe', 'anza'],
};

/** A text without case and punctuation: `Opt-out!` becomes `opt out`. */
export function bareWord(text: string): string {
  const words = text.normalize('NFKC').toLowerCase();
  return words.replace(/[^\p{L}\p{N}]+/gu, ' ').trim();
}

/**
 * The customer's choice, if one of the texts is as a whole one of the words, ignoring case and punctuation. "Stop."
 * counts, "please don't stop" does not. STOP wins over START.
 */
export function consentIn(said: readonly string[], words: ConsentWords): 'stop' | 'start' | undefined {
  const bare = said.map(bareWord);
  if (bare.some((word) => words.stop.includes(word))) return 'stop';
  return bare.some((word) => words.start.includes(word)) ? 'start' : undefined;
}
