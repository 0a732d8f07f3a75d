/* The building blocks of the operator's phrases, for normalised text (`operator-phrases.ts`). */

/** What the operator's trouble is about. */
export type OperatorTrouble =
  | 'key'
  | 'permission'
  | 'balance'
  | 'pace'
  | 'service'
  /** LipaChat gave up waiting: the message may have reached WhatsApp. */
  | 'timeout'
  /** A server failed, says a status of HTTP in the response: the message may have reached WhatsApp. */
  | 'fault';

interface OperatorPhrase {
  /** Matches the normalised text: lower case, no accents, `apiKey`, `api_key` and `api-key` all `api key`. */
  readonly phrase: RegExp;
  readonly source: string;
}

export type OperatorPhrases = Readonly<Record<OperatorTrouble, readonly OperatorPhrase[]>>;

export const KEY =
  '(?:api ?keys?|(?:access|auth|authentication|bearer|security|api) ?tokens?|api secret|(?:subscription|consumer|licen[cs]e) keys?|credentials)(?: header)?';
export const BAD =
  '(?:invalid|not valid|incorrect|incorrectly specified|wrong|missing|required|expired|revoked|disabled|inactive|unknown|not recogni[sz]ed|not found|not provided|not active|rejected|blocked|suspended|deactivated)';
export const IS = '(?:is |are |was |has |have |been |or )*';
export const MONEY = '(?:balance|credits?|funds?|units|airtime)';
/** Not a field of the message: `data.balance`, "balance". */
export const NO_FIELD = String.raw`(?<![.\w"'\x60\]]|field )`;
/** Not the customer's: a flow may be about money. */
export const NOT_THEIRS = String.raw`(?<!\b(?:customer|recipient|buyer|payer)s? (?:has|have) )`;
/** The account at the gateway, not the customer's. */
export const ACCOUNT = String.raw`(?:^|[:;,.] |\b(?:your|business|merchant|client|sender|partner|lipachat|organi[sz]ation|user) )account`;
/** The operator, or what calls the gateway for it. */
export const CALLER = '(?:you|account|client|user|sender|key|app|application|partner|merchant)';
/** What may be out of order on the gateway's side. */
export const PART =
  '(?:service|system|server|gateway|platform|provider|upstream|backend|api|network|channel|database|vendor|whatsapp|meta)s?';
export const LIMITED =
  '(?:rate|requests?|daily|monthly|hourly|sending|messaging|messages?|api|usage|account|throughput|concurrency|allowed)(?: message| sending| request)?';
/** A limit of length is about the message. */
export const NO_LENGTH = '(?!.*(?:caracter|character|length|longueur|byte|size|taille))';

/** Alternatives of one pattern. */
export const phrase = (...parts: readonly string[]) => new RegExp(parts.join('|'));

/** A status of HTTP in words: `Request failed with status code 401`, `401 Unauthorized`. */
export const httpStatus = (codes: string) =>
  `(?:^|\\b(?:http|status|status code|code|error)[ :]*)${codes}\\b`;

/** The number that sends. It is set up by the operator; the customer's number is not. */
export const SENDER =
  '(?:(?:senders?|from|business|sending)(?: phone)? (?:numbers?|ids?|names?)|senders?|display names?)(?: \\+?\\d+)?';
/** What a part lacks before it can be used. */
export const NOT_READY =
  '(?:not (?:yet )?(?:verified|registered|active|activated|approved|enabled|connected|configured|onboarded|linked|set up|live)|un(?:verified|registered|approved)|inactive|disconnected|disabled|deactivated|suspended|banned|restricted|flagged)';
