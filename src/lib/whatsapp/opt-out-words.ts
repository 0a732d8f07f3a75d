/** What a customer types, taps or chooses to stop or to restart messages. Compared with `bareWord`. */
export interface ConsentWords {
  readonly stop: readonly string[];
  readonly start: readonly string[];
}

/*
 * English and Swahili words; the buttons of marketing templates, as Meta names them ("Stop promotions", its counterpart
 * "Resume promotions", and "Unsubscribe from Promos" and "Unsubscribe from All" in its documentation); and the carriers'
 * words for SMS (CTIA, as at Twilio and AWS). Of these, `cancel`, `end`, `quit`, `remove` and `yes` are left out: people
 * write them in answer to something else. So is "Not interested", which answers an offer.
 */
export const DEFAULT_WORDS: ConsentWords = {
  stop: [
    ...['stop', 'unsubscribe', 'acha', 'simama', 'toka'],
    ...['stop promotions', 'stop promotion', 'stop promos', 'stop marketing', 'stop messages', 'stop all'],
    ...['unsubscribe from promos', 'unsubscribe from promotions', 'unsubscribe from all', 'unsubscribe all'],
    ...['stopall', 'optout', 'opt out', 'revoke'],
  ],
  start: [
    ...['start', 'unstop', 'subscribe', 'anza', 'resubscribe'],
    ...['resume promotions', 'start promotions', 'optin', 'opt in'],
  ],
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
