import { classOf, covers, type ErrorClass, type Listed } from './error-codes.ts';

/*
 * What WhatsApp's error codes mean and what to tell a person about them, as facts with a date and a source. Their classes
 * and schedules are in `error-codes.ts`. `npm run docs:error-codes` writes docs/error-codes.md from both files, and
 * `npm run check:facts` says when they are due to be compared with their sources again. These texts are 9 KB of a bundle,
 * so only code that tells a person imports them.
 */

/** The day on which every fact was last compared with its source. */
export const FACTS_CHECKED_ON = '2026-11-27';

export const FACT_SOURCES = {
  Meta: "Meta's error-code reference, https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes",
  SDK: 'second hand: the tables of client libraries in 2026',
} as const;

interface ClassText {
  readonly does: string;
  /** What to tell a person. */
  readonly tell: string;
}

export const ERROR_CLASS_TEXTS: Readonly<Record<ErrorClass, ClassText>> = {
  'stop-number': {
    does: "hold the number's messages, pause its campaigns, alert",
    tell: 'The number cannot send. Correct its account, payment or registration in WhatsApp Manager.',
  },
  wait: {
    does: 'try again soon; a campaign halves its pace',
    tell: 'Nothing to do: it passes.',
  },
  'pair-too-fast': {
    does: 'leave this customer alone for 4, 16, 64, then 256 seconds',
    tell: 'Nothing to do: it passes.',
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
  },
  'content-blocked': {
    does: 'pause campaigns, alert, keep the message for a person for a day; four tries, six hours apart',
    tell: "It does not pass. Correct the template, the flow or the number's quality in WhatsApp Manager.",
  },
  'cannot-tell': {
    does: 'try again, twice',
    tell: 'If it comes often, ask LipaChat.',
  },
};

interface CodeText {
  readonly code: Listed;
  readonly means: string;
  /** What to tell a person about this code, if it is more than its class says. */
  readonly tell?: string;
  readonly source: keyof typeof FACT_SOURCES;
}

// biome-ignore format: one code a line
export const ERROR_CODE_TEXTS: readonly CodeText[] = [
  { code: 0, means: 'The access token is no longer valid', tell: 'Have LipaChat renew the access to WhatsApp.', source: 'Meta' },
  { code: 3, means: 'The app has no permission for this method', source: 'Meta' },
  { code: 10, means: 'The permission was not granted or was removed', source: 'Meta' },
  { code: 190, means: 'The access token has expired', tell: 'Have LipaChat renew the access to WhatsApp.', source: 'Meta' },
  { code: { from: 200, to: 299 }, means: 'A permission was not granted or was removed', source: 'Meta' },
  { code: 368, means: 'The account is blocked for a violation of policies', tell: 'Read the violation in WhatsApp Manager and appeal there.', source: 'Meta' },
  { code: 131005, means: 'Access denied', source: 'Meta' },
  { code: 131031, means: 'The account is locked', tell: 'Read the violation in WhatsApp Manager and appeal there.', source: 'Meta' },
  { code: 131037, means: 'The display name of the number is not approved', tell: 'Have the display name approved in WhatsApp Manager.', source: 'Meta' },
  { code: 131042, means: 'There is a problem with the payment method', tell: 'Correct the payment method in WhatsApp Manager.', source: 'Meta' },
  { code: 131045, means: "The number's certificate is wrong", tell: 'Register the number again.', source: 'Meta' },
  { code: 133000, means: 'An earlier deregistration failed', tell: 'Deregister the number again.', source: 'Meta' },
  { code: 133005, means: 'The two-step PIN is wrong', tell: 'Correct or reset the PIN.', source: 'Meta' },
  { code: 133006, means: 'The number has to be verified again', tell: 'Verify the number.', source: 'Meta' },
  { code: 133008, means: 'The PIN was guessed too often', tell: 'Wait for the time that WhatsApp names.', source: 'Meta' },
  { code: 133009, means: 'The PIN was entered too fast', tell: 'Wait before you enter the PIN again.', source: 'Meta' },
  { code: 133010, means: 'The number is not registered', tell: 'Register the number.', source: 'Meta' },
  { code: 133015, means: 'The number was deleted a moment ago', tell: 'Wait five minutes, then register the number.', source: 'Meta' },
  { code: 133016, means: 'The number was registered or deregistered too often', tell: 'Wait for the time that WhatsApp names.', source: 'Meta' },
  { code: 134011, means: "WhatsApp's terms of payment are not accepted", tell: 'Accept the terms in WhatsApp Manager.', source: 'SDK' },
  { code: 2, means: 'The service is down or overloaded', source: 'Meta' },
  { code: 4, means: 'The app calls too often', source: 'Meta' },
  { code: 80007, means: 'The account has reached its rate limit', source: 'Meta' },
  { code: 130429, means: 'The number sends too fast', source: 'Meta' },
  { code: 131016, means: 'The service is overloaded', source: 'Meta' },
  { code: 131057, means: 'The account is in maintenance mode', source: 'Meta' },
  { code: 133004, means: 'The server is unavailable for a while', source: 'Meta' },
  { code: 134101, means: 'The template is still being synchronised', source: 'SDK' },
  { code: 131056, means: 'Too many messages to this customer in a short time', source: 'Meta' },
  { code: 131047, means: 'More than 24 hours have passed since the customer last wrote', source: 'Meta' },
  { code: 130472, means: 'The customer is in an experiment of WhatsApp and gets no such messages', source: 'Meta' },
  { code: 130497, means: 'The account may not write to customers in this country', source: 'Meta' },
  { code: 131026, means: 'The message cannot be delivered', source: 'Meta' },
  { code: 131030, means: "The customer is not in the test number's list", tell: 'Add the customer to the list, or use a real number.', source: 'Meta' },
  { code: 131051, means: 'The type of the message is not supported', source: 'Meta' },
  { code: 131062, means: 'Messages of this kind cannot go to a business-scoped user id', source: 'SDK' },
  { code: 131049, means: 'WhatsApp holds the message back, so that the customer gets fewer of its kind', source: 'Meta' },
  { code: 131050, means: 'The customer wants no marketing messages of this business', source: 'Meta' },
  { code: 33, means: 'The business number does not exist any more', tell: 'Use another `from`.', source: 'Meta' },
  { code: 100, means: 'A parameter is wrong or not allowed', source: 'Meta' },
  { code: 131008, means: 'A parameter is missing', source: 'Meta' },
  { code: 131009, means: 'A parameter has a wrong value', source: 'Meta' },
  { code: 131021, means: 'The sender and the customer are the same number', source: 'Meta' },
  { code: 131052, means: "The customer's media cannot be downloaded", source: 'Meta' },
  { code: 131053, means: 'The media cannot be uploaded', source: 'Meta' },
  { code: 132000, means: "The number of placeholders is not the template's", source: 'Meta' },
  { code: 132001, means: 'The template does not exist in this language, or is not approved', source: 'Meta' },
  { code: 132005, means: 'The text is too long with the placeholders filled in', source: 'Meta' },
  { code: 132007, means: "The template's text violates a policy", source: 'Meta' },
  { code: 132008, means: 'The placeholders do not fit the template', source: 'SDK' },
  { code: 132012, means: 'A placeholder has the wrong form', source: 'Meta' },
  { code: 135000, means: "The request's parameters cannot be processed", source: 'Meta' },
  { code: 132015, means: 'The template is paused for its low quality', tell: 'Wait, or edit the template.', source: 'Meta' },
  { code: 132069, means: 'The flow is throttled: ten messages an hour', tell: "Correct the flow's endpoint.", source: 'Meta' },
  { code: 131048, means: 'Too many messages of this number were blocked or marked as spam', tell: "Check the number's quality in WhatsApp Manager.", source: 'Meta' },
  { code: 131063, means: 'WhatsApp holds the message back, and waiting does not help', source: 'SDK' },
  { code: 131064, means: 'WhatsApp holds the message back, and waiting does not help', source: 'SDK' },
  { code: 132016, means: 'The template was paused too often and is disabled for good', tell: 'Make another template.', source: 'Meta' },
  { code: 132068, means: 'The flow is blocked', tell: 'Correct the flow and publish it again.', source: 'Meta' },
  { code: 1, means: 'An unknown error, or a malformed request', source: 'Meta' },
  { code: 131000, means: 'Something went wrong', source: 'Meta' },
];

/** What a listed code means, and what to tell a person about it; undefined for an unlisted code. */
export function explanationOf(code: number): { readonly means: string; readonly tell: string } | undefined {
  const errorClass = classOf(code);
  const text = ERROR_CODE_TEXTS.find((one) => covers(one.code, code));
  return errorClass && text && { means: text.means, tell: text.tell ?? ERROR_CLASS_TEXTS[errorClass].tell };
}
