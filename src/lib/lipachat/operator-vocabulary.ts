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
export const NO_LENGTH = '(?!.*(?:caracter|character|length|longueur|byte|size|taille))';

/** Alternatives of one pattern. */
export const phrase = (...parts: readonly string[]) => new RegExp(parts.join('|'));

/** A status of HTTP in words: `Request failed with status code 401`, `401 Unauthorized`. */
export const httpStatus = (codes: string) =>
  `(?:^|\\b(?:http|status|status code|code|error)[ :]*)${codes}\\b`;

/** The account's holder or a part of the gateway, in English, French and Swahili. */
export const HOLDER =
  /\b(?:you|your|we|our|this account|the account|servers?|gateway|api|billing|log ?in|vous|votre|vos|nous|le compte|serveurs?|abonnement|yako|wako|lako|chako|yetu|wetu|huna|huwezi|huja\w+|akaunti|seva)\b/;

/** What a refusal of a message is about, in the same languages. */
export const PART_OF_MESSAGE =
  /\b(?:templates?|flows?|screens?|data|fields?|param(?:eter)?s?|placeholders?|components?|variables?|propert(?:y|ies)|buttons?|headers?|footers?|body|texts?|captions?|cta|media|urls?|files?|images?|documents?|languages?|locales?|names?|values?|keys?|tokens?|ids?|json|payload|schema|format|characters?|length|size|emojis?|recipients?|customers?|contacts?|receivers?|numbers?|phones?|messageid|(?:invalid|bad|malformed) requests?|requests? (?:is |was )?(?:invalid|malformed)|messages?(?! (?:bundle|credit|unit|allowance|quota|plan|package|service|balance|sending)s?\b)|modeles?|champs?|ecrans?|donnees|valeurs?|destinataires?|numeros?|textes?|langues?|caracteres?|kiolezo|violezo|skrini|ukurasa|sehemu|mpokeaji|mteja|namba|nambari|simu|herufi|lugha|maandishi|ujumbe(?! mwingi))\b/;
