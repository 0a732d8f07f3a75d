/*
 * WhatsApp's error codes, as facts with a date: the one list behind `error-codes.ts`, `messages/backoff.ts` and
 * docs/error-codes.md (`npm run docs:error-codes`). `npm run check:facts` says when they are due to be compared with
 * their sources again.
 */

/** The day on which every fact was last compared with its source. */
export const FACTS_CHECKED_ON = '2026-11-27';

export const FACT_SOURCES = {
  Meta: "Meta's error-code reference, https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes",
  SDK: 'second hand: the tables of client libraries in 2026',
} as const;

/** What a sender does about a code. */
export type ErrorClass =
  /** The business number cannot send at all: hold its queue and alert an operator. Not the message's fault. */
  | 'stop-number'
  | 'wait'
  /** Too many messages from this business number to this one customer. */
  | 'pair-too-fast'
  | 'window-shut'
  /** Never retried automatically. */
  | 'undeliverable'
  /** Withheld by WhatsApp to protect the user: retry after 24 hours, once at most. */
  | 'held-for-user'
  | 'opted-out'
  /** Never retried: the caller has to change the request. */
  | 'bad-request'
  /** WhatsApp has paused or throttled the template or the flow. Waiting helps. */
  | 'content-held'
  /** WhatsApp has blocked the template, the flow or the number's messages. Waiting does not help: a person has to act. */
  | 'content-blocked'
  /** WhatsApp gives no cause: retry twice at most, then fail. */
  | 'cannot-tell';

/** When to try again. */
export interface Schedule {
  /** The first pause at least, in seconds. Further pauses grow up to `longestSeconds`. */
  readonly firstSeconds: number;
  readonly longestSeconds: number;
  /** The message fails after this many tries of the class. */
  readonly maxTries: number;
}

interface ClassFacts {
  readonly does: string;
  /** What to tell a person. */
  readonly tell: string;
  /** Absent: never tried again by itself. */
  readonly schedule?: Schedule;
}

/** Twenty tries with these pauses are about four hours. */
const COMMON = { firstSeconds: 5, longestSeconds: 900, maxTries: 20 };

export const ERROR_CLASS_FACTS: Readonly<Record<ErrorClass, ClassFacts>> = {
  'stop-number': {
    does: "hold the number's messages, pause its campaigns, alert",
    tell: 'The number cannot send. Correct its account, payment or registration in WhatsApp Manager.',
    schedule: { ...COMMON, firstSeconds: 600 },
  },
  wait: {
    does: 'try again soon; a campaign halves its pace',
    tell: 'Nothing to do: it passes.',
    schedule: COMMON,
  },
  'pair-too-fast': {
    does: 'leave this customer alone for 4, 16, 64, then 256 seconds',
    tell: 'Nothing to do: it passes.',
    schedule: { ...COMMON, longestSeconds: 256 },
  },
  'window-shut': {
    does: 'close the stored window; park, send a template or refuse, as the request says',
    tell: 'Wait until the customer writes, or send a template.',
  },
  undeliverable: {
    does: 'fail',
    tell: 'This customer cannot be reached with this message. Use another channel.',
  },
  'held-for-user': {
    does: 'try again a day later, once',
    tell: 'Send this customer fewer marketing messages.',
    schedule: { firstSeconds: 86_400, longestSeconds: 86_400, maxTries: 1 },
  },
  'opted-out': {
    does: 'record the opt-out; fail',
    tell: 'Do not write to this customer until they ask for it.',
  },
  'bad-request': {
    does: 'fail',
    tell: 'Correct the request or the template, and send it under a new messageId.',
  },
  'content-held': {
    does: 'pause campaigns, alert, try again for about six hours: WhatsApp pauses a template for three, then for six',
    tell: 'It passes. Look at the quality of the template or the flow in WhatsApp Manager.',
    schedule: { firstSeconds: 600, longestSeconds: 1_800, maxTries: 20 },
  },
  'content-blocked': {
    does: 'pause campaigns, alert, keep the message for a person for a day; four tries, six hours apart',
    tell: "It does not pass. Correct the template, the flow or the number's quality in WhatsApp Manager.",
    schedule: { firstSeconds: 21_600, longestSeconds: 21_600, maxTries: 4 },
  },
  'cannot-tell': {
    does: 'try again, twice',
    tell: 'If it comes often, ask LipaChat.',
    schedule: { ...COMMON, maxTries: 2 },
  },
};

interface ErrorCodeFact {
  readonly code: number | { readonly from: number; readonly to: number };
  readonly class: ErrorClass;
  readonly means: string;
  /** What to tell a person about this code, if it is more than its class says. */
  readonly tell?: string;
  readonly source: keyof typeof FACT_SOURCES;
}

// biome-ignore format: one code a line
export const ERROR_CODE_FACTS: readonly ErrorCodeFact[] = [
  { code: 0, class: 'stop-number', means: 'The access token is no longer valid', tell: 'Have LipaChat renew the access to WhatsApp.', source: 'Meta' },
  { code: 3, class: 'stop-number', means: 'The app has no permission for this method', source: 'Meta' },
  { code: 10, class: 'stop-number', means: 'The permission was not granted or was removed', source: 'Meta' },
  { code: 190, class: 'stop-number', means: 'The access token has expired', tell: 'Have LipaChat renew the access to WhatsApp.', source: 'Meta' },
  { code: { from: 200, to: 299 }, class: 'stop-number', means: 'A permission was not granted or was removed', source: 'Meta' },
  { code: 368, class: 'stop-number', means: 'The account is blocked for a violation of policies', tell: 'Read the violation in WhatsApp Manager and appeal there.', source: 'Meta' },
  { code: 131005, class: 'stop-number', means: 'Access denied', source: 'Meta' },
  { code: 131031, class: 'stop-number', means: 'The account is locked', tell: 'Read the violation in WhatsApp Manager and appeal there.', source: 'Meta' },
  { code: 131037, class: 'stop-number', means: 'The display name of the number is not approved', tell: 'Have the display name approved in WhatsApp Manager.', source: 'Meta' },
  { code: 131042, class: 'stop-number', means: 'There is a problem with the payment method', tell: 'Correct the payment method in WhatsApp Manager.', source: 'Meta' },
  { code: 131045, class: 'stop-number', means: "The number's certificate is wrong", tell: 'Register the number again.', source: 'Meta' },
  { code: 133000, class: 'stop-number', means: 'An earlier deregistration failed', tell: 'Deregister the number again.', source: 'Meta' },
  { code: 133005, class: 'stop-number', means: 'The two-step PIN is wrong', tell: 'Correct or reset the PIN.', source: 'Meta' },
  { code: 133006, class: 'stop-number', means: 'The number has to be verified again', tell: 'Verify the number.', source: 'Meta' },
  { code: 133008, class: 'stop-number', means: 'The PIN was guessed too often', tell: 'Wait for the time that WhatsApp names.', source: 'Meta' },
  { code: 133009, class: 'stop-number', means: 'The PIN was entered too fast', tell: 'Wait before you enter the PIN again.', source: 'Meta' },
  { code: 133010, class: 'stop-number', means: 'The number is not registered', tell: 'Register the number.', source: 'Meta' },
  { code: 133015, class: 'stop-number', means: 'The number was deleted a moment ago', tell: 'Wait five minutes, then register the number.', source: 'Meta' },
  { code: 133016, class: 'stop-number', means: 'The number was registered or deregistered too often', tell: 'Wait for the time that WhatsApp names.', source: 'Meta' },
  { code: 134011, class: 'stop-number', means: "WhatsApp's terms of payment are not accepted", tell: 'Accept the terms in WhatsApp Manager.', source: 'SDK' },
  { code: 2, class: 'wait', means: 'The service is down or overloaded', source: 'Meta' },
  { code: 4, class: 'wait', means: 'The app calls too often', source: 'Meta' },
  { code: 80007, class: 'wait', means: 'The account has reached its rate limit', source: 'Meta' },
  { code: 130429, class: 'wait', means: 'The number sends too fast', source: 'Meta' },
  { code: 131016, class: 'wait', means: 'The service is overloaded', source: 'Meta' },
  { code: 131057, class: 'wait', means: 'The account is in maintenance mode', source: 'Meta' },
  { code: 133004, class: 'wait', means: 'The server is unavailable for a while', source: 'Meta' },
  { code: 134101, class: 'wait', means: 'The template is still being synchronised', source: 'SDK' },
  { code: 131056, class: 'pair-too-fast', means: 'Too many messages to this customer in a short time', source: 'Meta' },
  { code: 131047, class: 'window-shut', means: 'More than 24 hours have passed since the customer last wrote', source: 'Meta' },
  { code: 130472, class: 'undeliverable', means: 'The customer is in an experiment of WhatsApp and gets no such messages', source: 'Meta' },
  { code: 130497, class: 'undeliverable', means: 'The account may not write to customers in this country', source: 'Meta' },
  { code: 131026, class: 'undeliverable', means: 'The message cannot be delivered', source: 'Meta' },
  { code: 131030, class: 'undeliverable', means: "The customer is not in the test number's list", tell: 'Add the customer to the list, or use a real number.', source: 'Meta' },
  { code: 131051, class: 'undeliverable', means: 'The type of the message is not supported', source: 'Meta' },
  { code: 131062, class: 'undeliverable', means: 'Messages of this kind cannot go to a business-scoped user id', source: 'SDK' },
  { code: 131049, class: 'held-for-user', means: 'WhatsApp holds the message back, so that the customer gets fewer of its kind', source: 'Meta' },
  { code: 131050, class: 'opted-out', means: 'The customer wants no marketing messages of this business', source: 'Meta' },
  { code: 33, class: 'bad-request', means: 'The business number does not exist any more', tell: 'Use another `from`.', source: 'Meta' },
  { code: 100, class: 'bad-request', means: 'A parameter is wrong or not allowed', source: 'Meta' },
  { code: 131008, class: 'bad-request', means: 'A parameter is missing', source: 'Meta' },
  { code: 131009, class: 'bad-request', means: 'A parameter has a wrong value', source: 'Meta' },
  { code: 131021, class: 'bad-request', means: 'The sender and the customer are the same number', source: 'Meta' },
  { code: 131052, class: 'bad-request', means: "The customer's media cannot be downloaded", source: 'Meta' },
  { code: 131053, class: 'bad-request', means: 'The media cannot be uploaded', source: 'Meta' },
  { code: 132000, class: 'bad-request', means: "The number of placeholders is not the template's", source: 'Meta' },
  { code: 132001, class: 'bad-request', means: 'The template does not exist in this language, or is not approved', source: 'Meta' },
  { code: 132005, class: 'bad-request', means: 'The text is too long with the placeholders filled in', source: 'Meta' },
  { code: 132007, class: 'bad-request', means: "The template's text violates a policy", source: 'Meta' },
  { code: 132008, class: 'bad-request', means: 'The placeholders do not fit the template', source: 'SDK' },
  { code: 132012, class: 'bad-request', means: 'A placeholder has the wrong form', source: 'Meta' },
  { code: 135000, class: 'bad-request', means: "The request's parameters cannot be processed", source: 'Meta' },
  { code: 132015, class: 'content-held', means: 'The template is paused for its low quality', tell: 'Wait, or edit the template.', source: 'Meta' },
  { code: 132069, class: 'content-held', means: 'The flow is throttled: ten messages an hour', tell: "Correct the flow's endpoint.", source: 'Meta' },
  { code: 131048, class: 'content-blocked', means: 'Too many messages of this number were blocked or marked as spam', tell: "Check the number's quality in WhatsApp Manager.", source: 'Meta' },
  { code: 131063, class: 'content-blocked', means: 'WhatsApp holds the message back, and waiting does not help', source: 'SDK' },
  { code: 131064, class: 'content-blocked', means: 'WhatsApp holds the message back, and waiting does not help', source: 'SDK' },
  { code: 132016, class: 'content-blocked', means: 'The template was paused too often and is disabled for good', tell: 'Make another template.', source: 'Meta' },
  { code: 132068, class: 'content-blocked', means: 'The flow is blocked', tell: 'Correct the flow and publish it again.', source: 'Meta' },
  { code: 1, class: 'cannot-tell', means: 'An unknown error, or a malformed request', source: 'Meta' },
  { code: 131000, class: 'cannot-tell', means: 'Something went wrong', source: 'Meta' },
];
