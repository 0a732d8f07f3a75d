/*
 * The phrases by which a refusal shows that the operator has to act, not the sender of this message. A known code of
 * WhatsApp's is stronger than any phrase (whatsapp/error-codes.ts).
 *
 * LipaChat documents one of them ("Invalid credentials"). The others are the wordings of gateways in the same trade,
 * so each names its source. They are phrases, not words: "Missing template key" and "data.balance is required" judge
 * the message. When in doubt a phrase belongs here only if no field of a message can produce it.
 */

/** What the operator's trouble is about. */
export type OperatorTrouble =
  | 'key'
  | 'permission'
  | 'balance'
  | 'pace'
  | 'service'
  /** LipaChat gave up waiting: the message may have reached WhatsApp. */
  | 'timeout';

interface OperatorPhrase {
  /** Matches the normalised text: lower case, `apiKey`, `api_key` and `api-key` all `api key`. */
  readonly phrase: RegExp;
  readonly source: string;
}

const KEY = '(?:api ?keys?|(?:access|auth|authentication|bearer|security|api) ?tokens?|api secret)';
const BAD =
  '(?:invalid|not valid|incorrect|incorrectly specified|wrong|missing|required|expired|revoked|disabled|inactive|unknown|not recogni[sz]ed|not found|not provided|not active|rejected)';
const IS = '(?:is |are |was |has |have |been |or )*';
const MONEY = '(?:balance|credits?|funds?|units|airtime)';
/** Not a field of the message: `data.balance`, "balance". */
const NO_FIELD = String.raw`(?<![.\w"'\x60\]]|field )`;
/** The account at the gateway, not the customer's. */
const ACCOUNT = String.raw`(?:^|[:;,.] |\b(?:your|business|merchant|client|sender|partner|lipachat|organi[sz]ation|user) )account`;

const phrase = (text: string) => new RegExp(text);

const OPERATOR_PHRASES: Readonly<Record<OperatorTrouble, readonly OperatorPhrase[]>> = {
  // First, because a timeout may have happened after the message left.
  timeout: [
    {
      phrase:
        /\b(?:gateway|upstream|request|connection|operation|server|read|socket|provider|service) ?(?:has )?(?:timed? ?out)\b|^\W*timed? ?out\W*$/,
      source: 'RFC 9110: 504',
    },
  ],
  key: [
    { phrase: /invalid (?:login |user |client )?credentials/, source: 'LipaChat, docs' },
    {
      phrase: phrase(`${NO_FIELD}\\b(?:${BAD}|no|bad)(?: valid)? ${KEY}\\b`),
      source: '360dialog: "Invalid api_key or token expired"; WATI: "No valid API key provided"',
    },
    {
      phrase: phrase(`${NO_FIELD}\\b${KEY} (?:or secret )?${IS}${BAD}`),
      source:
        'Vonage: "Your API Key or Secret are incorrectly specified"; Meta 190: "Access token has expired"',
    },
    { phrase: /\bun ?authori[sz]ed\b|\bun ?authenticated\b/, source: 'Unifonic: "Unauthorized"' },
    {
      phrase:
        /\b(?:authentication|authori[sz]ation) (?:has )?(?:failed|failure|error|required|exception|is required)/,
      source: 'Spring Security: "Full authentication is required"; Meta 0: AuthException',
    },
    { phrase: /\bcould not (?:be )?authenticate|\bnot authenticated\b/, source: 'Twilio 20003' },
  ],
  permission: [
    {
      phrase: /\b(?:access|permission)s? (?:is |was |has been )?denie[ds]\b/,
      source: '360dialog: "Permission denied for partner"; Meta 10',
    },
    {
      phrase:
        /\bnot (?:authori[sz]ed|permitted|entitled) (?:to|for) (?:access|perform|use|make|call|do|this)\b/,
      source: 'Unifonic: "User is not authorized to access this resource"',
    },
    {
      phrase:
        /(?:\b(?:no|lacks?|insufficient|missing|without|not have)|n't have)(?: (?:the|any|sufficient|required|necessary|enough))* (?:permissions?|privileges?|access rights|scopes?)\b/,
      source: 'WATI: "The API key doesn\'t have permissions"; Meta 200-299',
    },
    { phrase: /^\W*(?:error:? )?forbidden\W*$/, source: 'HTTP 403 as a message' },
    {
      phrase: /\bip(?: address)?(?: \S+)? (?:is )?(?:not (?:white ?listed|allow ?listed|allowed)|blocked)\b/,
      source: 'Unifonic; BulkSMS: "Unauthorised IP Address"',
    },
  ],
  balance: [
    {
      phrase: phrase(
        `(?:\\b(?:insufficient|not enough|low|inadequate|not have (?:enough|sufficient))|n't have (?:enough|sufficient))(?: (?:account|wallet|sms|whatsapp|message|prepaid|available))* ${MONEY}\\b`,
      ),
      source: 'Africa\'s Talking: InsufficientBalance; Vonage: "You do not have enough credit"',
    },
    {
      phrase: phrase(
        `(?:^|\\b(?:account|wallet|your|sms|prepaid) )${MONEY} ${IS}(?:too )?(?:low|insufficient|exhausted|depleted|not enough|not sufficient|used up|empty|finished)\\b`,
      ),
      source: 'Gupshup 1003: "Wallet Balance Low"',
    },
    {
      phrase: phrase(`\\b(?:out of|no(?: more)?|ran out of) ${MONEY}(?: (?:left|remaining|available)|\\W*$)`),
      source: 'Unifonic: "an account which has no balance available"',
    },
    {
      phrase:
        /\b(?:top up|recharge|reload|fund) (?:your|the) (?:account|wallet|balance)\b|\bplease (?:top up|recharge)\b/,
      source: 'Vonage: "You will need to top up your account"',
    },
    {
      phrase:
        /\bpayment required\b|\black of payment\b|\b(?:overdue|unpaid|outstanding) (?:invoices?|bills?|payments?)\b/,
      source: '360dialog: "due to lack of payment", "overdue invoices"',
    },
    {
      phrase:
        /\b(?:subscription|free trial|trial period|your (?:plan|package|licen[cs]e)) (?:is |has |have |been )*(?:expired|inactive|ended|lapsed|not active|cancel+ed|suspended)/,
      source: 'WATI, Infobip: an expired subscription',
    },
  ],
  pace: [
    {
      phrase: /\btoo many (?:requests|calls|concurrent|connections|attempts|messages? (?:sent|per|in))/,
      source: 'HTTP 429; Meta 4: "API Too Many Calls"',
    },
    {
      phrase: /\brate ?limit(?:s|ed|ing|er)?\b|\bthrottl(?:ed|ing)\b|\bthroughput limit/,
      source: '360dialog: "You have exceeded the endpoint rate limit"; Meta 130429: "Rate limit hit"',
    },
    {
      phrase:
        /\b(?:limit of \d+ requests?|requests? per (?:second|minute|hour|day)|slow down|sending (?:too fast|faster than))/,
      source: '360dialog: "exceeded the limit of 1 request every"; Vonage 1: throttled',
    },
    {
      phrase:
        /\b(?:request|daily|monthly|hourly|sending|messaging|api|usage|account)(?: message| sending| request)? (?:quota|limit)s? (?:is |was |has |have |been |are )*(?:exceeded|reached|exhausted|hit)\b|\bquota (?:is |was |has |been )*(?:exceeded|reached|exhausted)\b/,
      source: 'Africa\'s Talking, Google APIs: "Quota exceeded"',
    },
    {
      phrase:
        /\b(?:exceeded|reached|over|hit) (?:the |your |its |their )?(?:(?:request|daily|monthly|hourly|sending|messaging|api|usage|account|allowed)(?: message| sending| request)? (?:quota|limit)s?|quota)\b/,
      source: 'Unifonic: "consumed the allocated Sandbox usage"',
    },
  ],
  service: [
    {
      phrase:
        /\b(?:temporarily|currently|presently|momentarily) (?:un ?available|not available|down|out of service|disabled|suspended|offline)\b/,
      source: 'Unifonic: "Sending messages is temporarily unavailable."',
    },
    {
      phrase:
        /\b(?:service|system|server|gateway|platform|provider|upstream|backend|api|network|channel) (?:is |are |was |has been )*(?:un ?available|not available|down|busy|offline|overloaded|unreachable|under maintenance|disabled|not reachable|not responding|failure)\b/,
      source: 'RFC 9110: 503; Meta 131016: "Service overloaded"; 360dialog: "API has been disabled"',
    },
    {
      phrase:
        /\b(?:under|for|scheduled|routine|ongoing) (?:system |scheduled )?maintenance\b|\bmaintenance mode\b/,
      source: 'Laravel, 360dialog: maintenance',
    },
    {
      phrase:
        /\binternal (?:server |system |service )?error\b|\b(?:system|server) error\b|\bsomething went wrong\b|\bunexpected (?:system |server )?error\b/,
      source: 'Gupshup 500; Meta 131000: "Something went wrong"',
    },
    {
      phrase:
        /\b(?:try|retry) (?:again )?(?:later|after (?:some|a) (?:time|while)|in (?:a|some) (?:few )?(?:moments?|minutes?|while|time|seconds?))/,
      source: 'common: a refusal that passes',
    },
    {
      phrase: phrase(
        `${ACCOUNT}s? (?:is |has |was |been |currently |temporarily )*(?:suspended|blocked|disabled|deactivated|inactive|locked|restricted|closed|barred|expired|not active|not activated)\\b`,
      ),
      source: "Africa's Talking: UserAccountSuspended; Vonage: partner_account_barred",
    },
  ],
};

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
