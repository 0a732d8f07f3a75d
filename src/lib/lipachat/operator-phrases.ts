import {
  ACCOUNT,
  BAD,
  CALLER,
  IS,
  KEY,
  LIMITED,
  MONEY,
  NO_FIELD,
  NO_LENGTH,
  NOT_THEIRS,
  type OperatorTrouble,
  PART,
  phrase,
} from './operator-vocabulary.ts';

/*
 * Phrases in a refusal that show that the operator has to act, not the sender of this message. A known WhatsApp code
 * takes precedence over any phrase (whatsapp/error-codes.ts).
 *
 * LipaChat documents only one of them ("Invalid credentials"). The others come from comparable gateways, so each names
 * its source. They match phrases, not single words: "Missing template key" and "data.balance is required" are about
 * the message. If in doubt, add a phrase only if no field of a message can produce it.
 */

interface OperatorPhrase {
  /** Matches the normalised text: lower case, `apiKey`, `api_key` and `api-key` all `api key`. */
  readonly phrase: RegExp;
  readonly source: string;
}

export const OPERATOR_PHRASES: Readonly<Record<OperatorTrouble, readonly OperatorPhrase[]>> = {
  // First, because a timeout or a lost connection may have come after the message left.
  timeout: [
    {
      phrase: phrase(
        `\\b(?:${PART}|request|connection|operation|read|socket) ?(?:has )?timed? ?out\\b`,
        '^\\W*timed? ?out\\W*$',
        '\\bconnection (?:was |has been )*(?:reset|closed|lost|aborted)\\b',
      ),
      source: 'RFC 9110: 504',
    },
  ],
  key: [
    {
      phrase: /\b(?:invalid|bad|wrong|incorrect) (?:login |user |client )?credentials/,
      source: 'LipaChat, docs; Spring Security: "Bad credentials"',
    },
    {
      phrase: phrase(
        `${NO_FIELD}\\b(?:${BAD}|no|bad)(?: valid)? ${KEY}\\b`,
        `${NO_FIELD}\\b${KEY} (?:or secret )?${IS}${BAD}`,
      ),
      source:
        '360dialog: "Invalid api_key or token expired"; Vonage: "Your API Key or Secret are incorrectly specified"',
    },
    {
      phrase: phrase(
        `^\\W*(?:your |the |session )*(?:key|token) ${IS}${BAD}`,
        `^\\W*${BAD} (?:key|token)\\W*$`,
      ),
      source: '360dialog: "token expired"',
    },
    {
      phrase:
        /\bun ?authori[sz]ed\b|\bun ?authenticated\b|\bcould not (?:be )?authenticate|\bnot authenticated\b/,
      source: 'Unifonic: "Unauthorized"; Twilio 20003',
    },
    {
      phrase:
        /\b(?:authentication|authori[sz]ation|login) (?:is |has )?(?:failed|failure|error|required|exception|needed)/,
      source: 'Spring Security: "Full authentication is required"; Meta 0: AuthException',
    },
  ],
  permission: [
    {
      phrase:
        /\b(?:access|permission)s? (?:is |was |has been )?(?:denie[ds]|forbidden)\b|^\W*(?:error:? )?(?:forbidden|not authori[sz]ed)\W*$/,
      source: '360dialog: "Permission denied for partner"; Meta 10; HTTP 403 as a message',
    },
    {
      phrase: phrase(
        '\\bnot (?:authori[sz]ed|permitted|entitled) (?:to|for) (?:access|perform|use|make|call|do|this|send)\\b',
        `\\b${CALLER} (?:is|are) not (?:authori[sz]ed|permitted|entitled|allowed|enabled|approved) to (?!receive|be )`,
        '\\b(?:operation|action|request) (?:is )?not (?:permitted|allowed|authori[sz]ed)\\b',
      ),
      source: 'Unifonic: "User is not authorized to access this resource"',
    },
    {
      phrase:
        /(?:\b(?:no|lacks?|insufficient|missing|without|not have)|n't have)(?: (?:the|any|sufficient|required|necessary|enough|access))* (?:permissions?|privileges?|rights|scopes?)\b/,
      source: 'WATI: "The API key doesn\'t have permissions"; Meta 200-299',
    },
    {
      phrase: /\bip(?: address)?(?: \S+)? (?:is )?(?:not (?:white ?listed|allow ?listed|allowed)|blocked)\b/,
      source: 'BulkSMS: "Unauthorised IP Address"',
    },
  ],
  balance: [
    {
      phrase: phrase(
        `${NOT_THEIRS}\\b(?:insufficient|not enough|low|inadequate|not have (?:enough|sufficient))(?: (?:account|wallet|sms|whatsapp|message|prepaid|available))* ${MONEY}\\b`,
        `n't have (?:enough|sufficient) ${MONEY}\\b`,
      ),
      source: 'Africa\'s Talking: InsufficientBalance; Vonage: "You do not have enough credit"',
    },
    {
      phrase: phrase(
        `(?:^|\\b(?:account|wallet|your|sms|prepaid) )${MONEY} ${IS}(?:too )?(?:low|insufficient|exhausted|depleted|not enough|not sufficient|used up|empty|finished|zero|0|negative)\\b`,
        `\\b(?:out of|no(?: more)?|ran out of|0|zero) ${MONEY}(?: (?:left|remaining|available)|\\W*$)`,
        '\\b(?:your|account) wallet (?:is )?(?:empty|low)\\b',
      ),
      source: 'Gupshup 1003: "Wallet Balance Low"; Unifonic: "an account which has no balance available"',
    },
    {
      phrase:
        /\b(?:top up|recharge|reload|fund) (?:your|the) (?:account|wallet|balance)\b|\bplease (?:top up|recharge)\b|\btop up (?:is )?required\b/,
      source: 'Vonage: "You will need to top up your account"',
    },
    {
      phrase:
        /\bpayment (?:is )?(?:required|overdue|outstanding)\b|\black of payment\b|\b(?:overdue|unpaid|outstanding) (?:invoices?|bills?|payments?)\b|\bbilling (?:issue|problem|error)\b/,
      source: '360dialog: "due to lack of payment", "overdue invoices"',
    },
    {
      phrase:
        /(?:\b(?:subscription|free trial|trial period|your (?:plan|package|trial))|^\W*(?:trial|licen[cs]e|plan)) (?:is |has |have |been )*(?:expired|inactive|ended|lapsed|not active|cancel+ed|suspended)/,
      source: 'WATI, Infobip: an expired subscription',
    },
  ],
  pace: [
    {
      phrase: /\btoo many (?:requests|calls|concurrent|connections|attempts|messages)\b/,
      source: 'HTTP 429; Meta 4: "API Too Many Calls"',
    },
    {
      phrase:
        /\brate ?limit(?:s|ed|ing|er)?\b|\bthrottl(?:ed|ing)\b|\b(?:rate|throughput|tps) (?:limit|exceeded)/,
      source: '360dialog: "You have exceeded the endpoint rate limit"; Meta 130429: "Rate limit hit"',
    },
    {
      phrase:
        /\blimit of \d+ requests?|\brequests? per (?:second|minute|hour|day)|\bslow down|\bsending (?:too fast|faster than)|\bmax(?:imum)? (?:number of )?requests/,
      source: '360dialog: "exceeded the limit of 1 request every"; Vonage 1: throttled',
    },
    {
      phrase: phrase(
        `\\b(?:${LIMITED} (?:quota|limit)s?|quota) (?:is |was |has |have |been |are )*(?:exceeded|reached|exhausted|hit)\\b${NO_LENGTH}`,
        `\\b(?:exceeded|reached|over|hit) (?:the |your |its |their )?(?:${LIMITED} (?:quota|limit)s?|quota)\\b${NO_LENGTH}`,
      ),
      source: 'Africa\'s Talking, Google APIs: "Quota exceeded"',
    },
  ],
  service: [
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
        /\b(?:try|retry) (?:again )?(?:later|after (?:some|a) (?:time|while)|in (?:a|some) (?:few )?(?:moments?|minutes?|while|time|seconds?))/,
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
      phrase:
        /\b(?:request|access) (?:was |has been |is )?blocked\b|\bblocked by (?:a |the |our )?(?:firewall|waf|security|administrator)\b/,
      source: 'Cloudflare, AWS WAF: a blocked request',
    },
  ],
};
