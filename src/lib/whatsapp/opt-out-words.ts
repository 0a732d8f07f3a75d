/** What a customer types to stop or to start messages (whatsapp-rules, "People"): English and Swahili. */
export interface ConsentWords {
  readonly stop: readonly string[];
  readonly start: readonly string[];
}

export const DEFAULT_WORDS: ConsentWords = {
  stop: ['stop', 'unsubscribe', 'acha', 'simama', 'toka'],
  start: ['start', 'unstop', 'subscribe', 'anza'],
};

/** A text without case and punctuation: `Opt-out!` is `opt out`. */
export function bareWord(text: string): string {
  const words = text.normalize('NFKC').toLowerCase();
  return words.replace(/[^\p{L}\p{N}]+/gu, ' ').trim();
}

/**
 * The word that a message is, if the whole message is one, case and punctuation aside:
 * "Stop." is, "please don't stop" is not.
 */
export function consentIn(text: string, words: ConsentWords): 'stop' | 'start' | undefined {
  const bare = bareWord(text);
  if (words.stop.includes(bare)) return 'stop';
  return words.start.includes(bare) ? 'start' : undefined;
}
