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
 * The customer's choice, if the whole message is one of the words, ignoring case and punctuation. "Stop."
 * counts, "please don't stop" does not.
 */
export function consentIn(text: string, words: ConsentWords): 'stop' | 'start' | undefined {
  const bare = bareWord(text);
  if (words.stop.includes(bare)) return 'stop';
  return words.start.includes(bare) ? 'start' : undefined;
}
