import {
  ACCOUNT,
  httpStatus,
  NO_FIELD,
  NOT_READY,
  type OperatorPhrases,
  PART,
  phrase,
} from './operator-vocabulary.ts';

/* The operator's phrases about the service and the account; see `operator-phrases.ts`. */

export const SERVICE: OperatorPhrases['service'] = [
  {
    phrase: phrase(
      '\\b(?:temporarily|currently|presently|momentarily) (?:un ?available|not available|down|out of service|disabled|suspended|offline|unable)\\b',
      '\\b(?:unable|cannot|could not|failed) (?:to )?(?:process|send|handle|complete|serve)\\b.* (?:at this time|at the moment|right now)\\b',
    ),
    source: 'Unifonic: "Sending messages is temporarily unavailable."',
  },
  {
    phrase: phrase(
      `${NO_FIELD}\\b${PART} (?:is |are |was |has been )*(?:un ?available|not available|down|busy|offline|overloaded|unreachable|under maintenance|disabled|not reachable|not responding)\\b`,
      '\\bnot (?:enabled|activated|available) (?:for|on|in) your (?:account|plan|business)\\b',
    ),
    source: 'RFC 9110: 503; Meta 131016: "Service overloaded"; 360dialog: "API has been disabled"',
  },
  {
    phrase:
      /\b(?:under|for|scheduled|routine|ongoing|undergoing) (?:system |scheduled )?maintenance\b|\bmaintenance (?:mode|in progress)\b/,
    source: 'Laravel, 360dialog: maintenance',
  },
  {
    phrase: phrase(
      `${NO_FIELD}\\b(?:${PART}|internal|technical|unexpected|unknown|connection)(?: server| system| service)? (?:error|failure|fault|problem)\\b(?! ?[:(])`,
      '\\bsomething went wrong\\b|\\bbad gateway\\b|\\bconnection (?:was )?(?:refused|failed)\\b',
      `\\b(?:unable|cannot|could not|failed) (?:to )?(?:connect\\b|(?:reach|contact) (?:the )?${PART}\\b)`,
    ),
    source: 'Gupshup 500; Meta 131000: "Something went wrong"',
  },
  {
    phrase:
      /\b(?:try|retry) (?:again )?(?:later|after (?:some|a) (?:time|while)|(?:in|after) (?:a|some|\d+)? ?(?:few )?(?:moments?|minutes?|mins?|while|time|seconds?|secs?|s|hours?)\b)/,
    source: 'common: a refusal that passes',
  },
  {
    phrase: phrase(
      `${ACCOUNT}s? (?:is |has |was |been |currently |temporarily )*(?:suspended|blocked|disabled|deactivated|inactive|locked|restricted|closed|barred|expired|not (?:active|activated|approved|verified|enabled|found))\\b`,
      '^\\W*(?:unknown|invalid|no such) (?:client|account|merchant|tenant)\\W*$',
    ),
    source: "Africa's Talking: UserAccountSuspended; Vonage: partner_account_barred",
  },
  {
    phrase: phrase(
      `${NO_FIELD}\\b${PART} (?:is |are |was |has |have |been )*${NOT_READY}\\b`,
      `^\\W*(?:the )?(?:user|client|partner|merchant|tenant|organi[sz]ation) (?:is |has |was |been )*${NOT_READY}\\b`,
    ),
    source: 'common: a channel or a client that is not set up',
  },
  {
    phrase:
      /\b(?:validat|verify|decod)(?:e|ing)? (?:the |your |this )?(?:access|auth|bearer|security) token\b/,
    source: 'Meta 190: "Error validating access token": the token of the gateway at Meta, not the apiKey',
  },
  {
    phrase:
      /\b(?:request|access) (?:was |has been |is )?blocked\b|\bblocked by (?:a |the |our )?(?:firewall|waf|security|administrator)\b/,
    source: 'Cloudflare, AWS WAF: a blocked request',
  },
];

/** The last of all: words about the service say more than a number. */
export const FAULT: OperatorPhrases['fault'] = [
  { phrase: phrase(httpStatus('(?:408|5\\d\\d)')), source: 'RFC 9110' },
  {
    phrase:
      /\b(?:java|javax|org|com|io|sun|system)\.\w+\.?.*\b(?:exception|error)\b(?!.*(?:validat|not valid|readable|argument|constraint))|\bnull pointer exception\b|\bsql(?: |state)/,
    source: 'Java, .NET: an exception of the server as a message',
  },
  {
    phrase: phrase(
      '\\b(?:jdbc|jpa|hibernate|hikari ?(?:cp|pool)|result ?set|entity ?manager|deadlock|redis|kafka|rabbit ?mq|mongo ?db|postgres(?:ql)?|ora \\d{5})\\b',
      '\\btransaction (?:was |is |has been )?(?:rolled back|aborted)\\b|\\b(?:heap space|out of memory|no space left)\\b',
      '\\bcannot (?:invoke ["\'`]|read propert(?:y|ies) )|\\b(?:econnrefused|econnreset|enotfound|etimedout|eai again)\\b|\\bunknown ?host\\b',
    ),
    source: 'Spring Data, JDK 14 and later, Node.js: a fault of the server as a message',
  },
];
