import { BALANCE } from './operator-phrases-balance.ts';
import { FRENCH } from './operator-phrases-french.ts';
import { FAULT, SERVICE } from './operator-phrases-service.ts';
import { SWAHILI } from './operator-phrases-swahili.ts';
import {
  BAD,
  CALLER,
  httpStatus,
  IS,
  KEY,
  LIMITED,
  NO_FIELD,
  NO_LENGTH,
  NOT_READY,
  type OperatorPhrases,
  type OperatorTrouble,
  PART,
  phrase,
  SENDER,
} from './operator-vocabulary.ts';

/*
 * Phrases in a refusal that show that the operator has to act, not the sender of this message. A known WhatsApp code
 * takes precedence over any phrase (whatsapp/error-codes.ts).
 *
 * LipaChat documents only one of them ("Invalid credentials"). The others come from comparable gateways, so each names
 * its source. They match phrases, not single words: "Missing template key" and "data.balance is required" are about
 * the message. If in doubt, add a phrase only if no field of a message can produce it.
 */

const ENGLISH: OperatorPhrases = {
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
        /\bjwt (?:is |has )*(?:expired|invalid|malformed|missing)\b|\bsignature (?:does not match|mismatch)\b/,
      source: 'jsonwebtoken: "jwt expired"; AWS: SignatureDoesNotMatch',
    },
    {
      phrase: phrase(
        `\\b(?:provide|supply|include|specify|send|set) (?:an? |the |your |valid )*${KEY}\\b`,
        `${NO_FIELD}\\b${KEY} (?:does not|doesn't|do not|mismatch|cannot)`,
        `\\b(?:request |http )?header '?${KEY}'?.* (?:not present|missing|required|empty)`,
        '\\b(?:sandbox|test|live|production) keys?\\b',
        '\\bclient (?:id|secret) (?:mismatch|invalid|is invalid|does not match)\\b',
        '\\b(?:please |must |to )log ?in\\b|\\blog ?in (?:session|again|first)\\b',
        '\\b(?:invalid|wrong|incorrect|bad) (?:user ?name|password)\\b|\\bpassword (?:is )?(?:invalid|wrong|incorrect)\\b',
      ),
      source: 'Spring: "Required request header"; SMS gateways with a login',
    },
    {
      phrase: phrase(
        '\\b(?:validat|verify|decod|authenticat)(?:e|ing)? (?:the |your |this )?(?:api ?key|credentials)\\b',
        `\\b${KEY} (?:validation|verification) (?:has )?failed\\b`,
        '^\\W*(?:invalid )?(?:request )?(?:signature|hmac) (?:is )?(?:invalid|mismatch|expired|missing)\\b',
      ),
      source: 'API gateways: a key that cannot be checked',
    },
    {
      phrase: phrase(httpStatus('401'), '^field: api key$'),
      source: 'RFC 9110; Laravel: errors by field',
    },
    {
      phrase:
        /\bun ?authori[sz]ed\b|\bun ?authenticated\b|\bcould not (?:be )?authenticate|\bnot authenticated\b/,
      source: 'Unifonic: "Unauthorized"; Twilio 20003',
    },
    {
      phrase:
        /\b(?:auth|authentication|authori[sz]ation|login) (?:is |has )?(?:failed|failure|error|required|exception|needed)/,
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
    {
      phrase:
        /\b(?:does not|doesn't|not) (?:belong|registered|linked|assigned|associated) (?:to|with|under|for|on) (?:your|this) (?:account|organi[sz]ation|business)\b/,
      source: 'SMS gateways: a sender of another account',
    },
    {
      phrase: phrase(
        `${NO_FIELD}\\b${SENDER} (?:is |are |was |has |have |been )*${NOT_READY}\\b(?!.*\\bby (?:the |this )?(?:recipient|customer|user|contact))`,
        '^\\W*(?:invalid|unknown|unregistered|unverified|unapproved) sender(?: id| number)?\\W*$',
        '\\bnot registered (?:on|with|for|in) (?:the )?(?:whatsapp )?(?:business|cloud) (?:platform|api)\\b',
      ),
      source: 'Meta 133010: "Phone number not registered on the WhatsApp Business Platform"; 131037',
    },
    {
      phrase:
        /^\W*not (?:allowed|permitted)\W*$|\b(?:operation|action|request) (?:is )?forbidden\b|\baccess from .* (?:is )?not (?:allowed|permitted)\b/,
      source: 'HTTP 403 as a message',
    },
    { phrase: phrase(httpStatus('(?:403|407)')), source: 'RFC 9110' },
  ],
  balance: BALANCE,
  pace: [
    {
      phrase:
        /\btoo many (?:(?:simultaneous|concurrent|parallel) )?(?:requests|calls|concurrent|connections|attempts|messages|sessions)\b/,
      source: 'HTTP 429; Meta 4: "API Too Many Calls"',
    },
    {
      phrase:
        /\brate ?limit(?:s|ed|ing|er)?\b|\bthrottl(?:ed|ing)\b|\b(?:rate|throughput|tps|capacity) (?:limit|exceeded)/,
      source: '360dialog: "You have exceeded the endpoint rate limit"; Meta 130429: "Rate limit hit"',
    },
    {
      phrase:
        /\blimit of \d+ requests?|\brequests? per (?:second|minute|hour|day)|\bslow down|\bsending (?:too fast|faster than)|\bmax(?:imum)? (?:number of )?requests/,
      source: '360dialog: "exceeded the limit of 1 request every"; Vonage 1: throttled',
    },
    {
      phrase: phrase(
        `\\b(?:${LIMITED} (?:quota|limit|allowance)s?|quota|allowance) (?:is |was |has |have |been |are )*(?:exceeded|reached|exhausted|hit)\\b${NO_LENGTH}`,
        `\\b(?:exceeded|reached|over|hit) (?:the |your |its |their )?(?:${LIMITED} (?:quota|limit|allowance)s?|quota|allowance)\\b${NO_LENGTH}`,
      ),
      source: 'Africa\'s Talking, Google APIs: "Quota exceeded"',
    },
    {
      phrase: phrase(
        `\\b(?:concurrent|parallel|simultaneous) (?:requests?|calls?|connections?|sessions?) limit\\b`,
        '\\b(?:hourly|daily|monthly|traffic|sending|messaging|spending|usage) (?:cap|limit|limit tier|tier) (?:is |was |has |been )*(?:reached|hit|exceeded)\\b',
        '\\btoo much traffic\\b|\\brate (?:is )?too high\\b|\\bqueue (?:is )?full\\b',
      ),
      source: 'APIs with HTTP 429, in other words',
    },
    { phrase: phrase(httpStatus('429')), source: 'RFC 9110' },
  ],
  service: SERVICE,
  fault: FAULT,
};

const LANGUAGES = [ENGLISH, SWAHILI, FRENCH];

const allOf = (trouble: OperatorTrouble) => LANGUAGES.flatMap((language) => language[trouble]);

/** In the order in which they are read. A timeout is first, because it may have come after the message left. */
export const OPERATOR_PHRASES: OperatorPhrases = {
  timeout: allOf('timeout'),
  key: allOf('key'),
  permission: allOf('permission'),
  balance: allOf('balance'),
  pace: allOf('pace'),
  service: allOf('service'),
  fault: allOf('fault'),
};
