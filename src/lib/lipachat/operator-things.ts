/*
 * What a refusal without a phrase of `operator-phrases.ts` is about, by its nouns, for normalised text. The lists stay
 * apart from the phrases: a noun decides only where no part of the message is named.
 */

/** The account's holder or a part of the gateway, in English, French and Swahili. */
const HOLDER =
  /\b(?:you|your|we|our|this account|the account|servers?|gateway|api|billing|log ?in|vous|votre|vos|nous|le compte|serveurs?|abonnement|yako|wako|lako|chako|yetu|wetu|huna|huwezi|huja\w+|akaunti|seva)\b/;

/** What only the operator or the gateway has: its account, its money, its channel, its machines. */
const OPERATORS_THINGS = [
  'accounts?|wabas?|tenants?|merchants?|organi[sz]ations?|company|business(?:es)?|partners?|resellers?|workspaces?',
  'channels?|providers?|vendors?|integrations?|features?|products?|environments?|sandbox|domains?|webhooks?|roles?',
  'licen[cs]es?|contracts?|subscriptions?|plans?|trials?|bundles?|wallets?|credits|funds|airtime|prepaid|overdraft',
  'invoices?|payment methods?|cards? declined|spend|spending|balance|passwords?|onboarding|onboarded',
  'traffic|queues? (?:is )?full|overload(?:ed)?|databases?|brokers?|infrastructure|hosts?|dns|ssl|tls|certificates?',
  'certification path|handshake|proxy|firewalls?|clusters?|nodes?|deployments?|configuration|upstream|downstream',
  'meta|facebook|cloud api|routes?|routing|development mode|internal|systems?|exceptions?',
].join('|');

/** What a refusal of a message is about, in the same languages. */
const PART_OF_MESSAGE =
  /\b(?:templates?|catalog(?:ue)?s?|flows?|screens?|data|fields?|param(?:eter)?s?|placeholders?|components?|variables?|propert(?:y|ies)|buttons?|headers?|footers?|body|texts?|captions?|cta|media|urls?|files?|images?|documents?|languages?|locales?|names?|values?|keys?|tokens?|ids?|json|payload|schema|format|characters?|length|size|emojis?|recipients?|customers?|contacts?|receivers?|numbers?|phones?|messageid|(?:invalid|bad|malformed) requests?|requests? (?:is |was )?(?:invalid|malformed)|messages?(?! (?:bundle|credit|unit|allowance|quota|plan|package|service|balance|sending)s?\b)|modeles?|champs?|ecrans?|donnees|valeurs?|destinataires?|numeros?|textes?|langues?|caracteres?|kiolezo|violezo|skrini|ukurasa|sehemu|mpokeaji|mteja|namba|nambari|simu|herufi|lugha|maandishi|ujumbe(?! mwingi))\b/;

/** How a validator speaks of a field, whatever its name: a flow's data may have a `balance` or a `plan`. */
const VALIDATION =
  /\bvalidat\w+|\bnot (?:valid|readable|be (?:blank|null|empty))\b|\barguments?\b|\bconstraints?\b|\b(?:is|are) (?:required|mandatory)\b|\bmust (?:be (?:an?|one|at|between|less|greater|more|valid|of|in|present|set)|match|have|contain)\b|\bunknown \w+ type\b/;
/** The customer's account, not the operator's: `Not a WhatsApp account`. */
const CUSTOMERS_ACCOUNT = /\b(?:not|no) (?:an? |on |active |valid |have )*whatsapp (?:account|user)s?\b/;

/** The customer blocks a business. */
const BLOCKED_BY_CUSTOMER = /\bblocked (?:the|your|this) (?:business|account)\b/;

const OPERATORS = [HOLDER, new RegExp(`\\b(?:${OPERATORS_THINGS})\\b`)];
const MESSAGES = [PART_OF_MESSAGE, VALIDATION, CUSTOMERS_ACCOUNT, BLOCKED_BY_CUSTOMER];

/** Whether a normalised text names the operator or the gateway, and nothing of the message. */
export function namesOnlyOperator(text: string): boolean {
  return OPERATORS.some((noun) => noun.test(text)) && !MESSAGES.some((noun) => noun.test(text));
}
