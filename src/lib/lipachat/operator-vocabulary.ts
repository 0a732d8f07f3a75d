/* The building blocks of the operator's phrases, for normalised text (`operator-phrases.ts`). */

/** What the operator's trouble is about. */
export type OperatorTrouble =
  | 'key'
  | 'permission'
  | 'balance'
  | 'pace'
  | 'service'
  /** LipaChat gave up waiting: the message may have reached WhatsApp. */
  | 'timeout';

export const KEY =
  '(?:api ?keys?|(?:access|auth|authentication|bearer|security|api) ?tokens?|api secret|credentials)(?: header)?';
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
export const NO_LENGTH = '(?!.*(?:character|length|byte|size))';

/** Alternatives of one pattern. */
export const phrase = (...parts: readonly string[]) => new RegExp(parts.join('|'));
