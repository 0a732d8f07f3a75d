/*
 * What a refusal without a phrase of `operator-phrases.ts` is about, by its nouns, for normalised text. The lists stay
 * apart from the phrases: a noun decides only where no part of the message is named. A word that the message and the
 * operator share (number, key, id) names neither by itself; what stands beside it decides.
 */

/** The account's holder, in English, French and Swahili. A message can be addressed the same way: "Your message". */
const HOLDER =
  /\b(?:you|your|we|our|vous|votre|vos|nous|yako|wako|lako|chako|yetu|wetu|huna|huwezi|huja\w+)\b/;

/** What only the operator or the gateway has: its account, its money, its channel, its machines. */
const OPERATORS_THINGS = oneOf(
  'accounts?|wabas?|tenants?|merchants?|organi[sz]ations?|company|business(?:es)?|partners?|resellers?|workspaces?',
  'channels?|providers?|vendors?|integrations?|features?|products?|environments?|sandbox|domains?|webhooks?|roles?',
  'licen[cs]es?|contracts?|subscriptions?|plans?|trials?|bundles?|wallets?|credits|funds|airtime|prepaid|overdraft',
  'invoices?|payment methods?|cards? declined|spend|spending|balance|passwords?|onboarding|onboarded|billing|log ?in',
  'traffic|queues? (?:is )?full|overload(?:ed)?|databases?|brokers?|infrastructure|hosts?|dns|ssl|tls|certificates?',
  'certification path|handshake|proxy|firewalls?|clusters?|nodes?|deployments?|configuration|upstream|downstream',
  'meta|facebook|cloud api|routes?|routing|development mode|internal|systems?|exceptions?|servers?|gateway|api',
  'connections?|pools?|senders?|short ?codes?|whatsapp lines?|le compte|serveurs?|abonnement|akaunti|seva',
);

/** A state of the operator's number, name or account. A template can have some of them, but it is a sure part. */
const OPERATORS_STATES = oneOf(
  'numbers? (?:.* )?quality|quality (?:rating|score)|paused by|(?:messaging|sending) (?:is |was |has been )*(?:paused|restricted)',
  '(?:pending|awaiting|waiting for|under) (?:\\w+ )?(?:approval|verification|review|activation|registration)',
  're ?verif\\w*|verification|two (?:step|factor)|migrat\\w+|(?:not|no longer) connected|disconnected|compliance',
  'numbers? (?:is |was |has |been |currently )*(?:restricted|flagged|deactivated|suspended|banned)',
  '(?:premium|enterprise|paying|paid|existing|subscribed|verified) (?:customer|client|user|member|plan|package|tier|account|feature|subscri)\\w*',
  'upgrade (?:to|your|the)|(?:free|basic|starter|current|higher) (?:plan|package|tier)',
);

/**
 * What belongs to the operator, although a word of it is a message's elsewhere: a sender's id, a partner's key, the
 * business's number, the sale of messages. Such a name counts as the account, which holds it.
 */
const OPERATORS_NAMES = new RegExp(
  oneOf(
    '(?:merchant|client|partner|tenant|app|application|account|waba|business|sender|organi[sz]ation|company|reseller|phone number) (?:ids?|keys?|tokens?|codes?|secrets?)',
    '(?:subscription|consumer|licen[cs]e) (?:ids?|keys?|tokens?)',
    '(?:keys?|tokens?|ids?|numbers?) (?:for|of|from|on|under) (?:this |the |your |that |another |an? )*(?:merchant|client|partner|tenant|account|organi[sz]ation|company|business|waba)',
    '(?:display|verified|sender) names?|(?:business|senders?|sending|from|your|our)(?: whatsapp)?(?: phone)? numbers?',
    'votre numero|numero (?:professionnel|expediteur)|namba(?:ri)? (?:yako|ya biashara)',
    '(?:pool|queue|heap) (?:size|length)|(?:media|template|contact|messaging) (?:services?|servers?|stores?)',
    'customer (?:contracts?|agreements?|care|service|support)|(?:request|http|host|authorization) headers?',
    'contact (?:support|sales|us|our|your|the (?:administrator|provider|owner)|lipachat|admin\\w*)',
    '(?:flow|template|interactive|media|marketing|utility) (?:messages|messaging)|access to (?:flows|templates|media)',
    '(?:another|other|different) (?:customer|client|user|business)(?: account)?',
  ),
  'g',
);

/** What a refusal of a message is about, in the same languages, whatever else the refusal names. */
const PART_OF_MESSAGE =
  /\b(?:templates?|catalog(?:ue)?s?|flows?|screens?|data|fields?|param(?:eter)?s?|placeholders?|components?|variables?|propert(?:y|ies)|buttons?|headers?|footers?|body|texts?|captions?|cta|media|urls?|files?|images?|documents?|languages?|locales?|values?|json|payload|schema|format|characters?|length|size|emojis?|recipients?|customer|contacts?|receivers?|messageid|message (?:ids?|types?)|(?:invalid|bad|malformed) requests?|requests? (?:is |was )?(?:invalid|malformed)|modeles?|champs?|ecrans?|donnees|valeurs?|destinataires?|numeros?|textes?|langues?|caracteres?|kiolezo|violezo|skrini|ukurasa|sehemu|mpokeaji|mteja|namba|nambari|simu|herufi|lugha|maandishi|ujumbe(?! mwingi))\b/;

/** A word that the message and the operator share: both have a number, a key, an id, a name. */
const SHARED =
  '(?:names?|keys?|tokens?|ids?|customers|numbers?|phones?|messages?(?! (?:bundle|credit|unit|allowance|quota|plan|package|service|balance|sending)s?\\b))';
const SHARED_WORD = new RegExp(`\\b${SHARED}\\b`);

/** A shared word with a value or with the defect of a value: `Phone number 2547…`, `Account number is invalid`. */
const SHARED_WORD_OF_MESSAGE = new RegExp(
  oneOf(
    `${SHARED}[: ]+\\+?\\d{5,}`,
    `(?:invalid|missing|malformed|unknown|unexpected|empty|wrong|no such|unsupported|duplicate) (?:\\w+ ){0,3}${SHARED}`,
    `${SHARED} (?:\\w+ ){0,3}(?:invalid|missing|malformed|empty|blank|incorrect|wrong|too|longer|shorter|exceeds?|contains?|not valid)`,
    '(?:reject|refus|block|filter|discard)(?:s|ed) (?:the |this |your )?message|message (?:is |was |has |been )*(?:rejected|refused|blocked|filtered|discarded|not delivered|undeliverable)',
  ),
);

/** How a validator speaks of a field, whatever its name: a flow's data may have a `balance` or a `plan`. */
const VALIDATION =
  /\bvalidat\w+|\bnot (?:valid|readable|be (?:blank|null|empty))\b|\barguments?\b|\bconstraints?\b|\b(?:is|are) (?:required|mandatory)\b|\bmust (?:be (?:an?|one|at|between|less|greater|more|valid|of|in|present|set)|match|have|contain)\b|\bunknown \w+ type\b/;
/** The customer's account, not the operator's: `Not a WhatsApp account`. */
const CUSTOMERS_ACCOUNT = /\b(?:not|no) (?:an? |on |active |valid |have )*whatsapp (?:account|user)s?\b/;

/** The customer blocks a business. */
const BLOCKED_BY_CUSTOMER =
  /\bblocked (?:the|your|this) (?:business|account|number)\b|\bblocked by (?:the |this |that )?(?:user|contact)\b/;

const THINGS = new RegExp(OPERATORS_THINGS);
const STATES = new RegExp(OPERATORS_STATES);
const MESSAGES = [PART_OF_MESSAGE, VALIDATION, CUSTOMERS_ACCOUNT];

/**
 * Whether a normalised text names the operator or the gateway, and nothing of the message. A sure part of the message
 * always decides. A shared word is the message's if it has a value or the defect of one, or if nothing of the
 * operator's stands beside it; a state of the operator's outweighs it: `Number 2541… has been paused by Meta`.
 */
export function namesOnlyOperator(text: string): boolean {
  if (BLOCKED_BY_CUSTOMER.test(text)) return false;
  const read = text.replace(OPERATORS_NAMES, 'account');
  if (MESSAGES.some((noun) => noun.test(read))) return false;
  if (STATES.test(text)) return true;
  if (SHARED_WORD_OF_MESSAGE.test(read)) return false;
  return THINGS.test(read) || (HOLDER.test(read) && !SHARED_WORD.test(read));
}

/** Source of a pattern: any of the alternatives, as whole words. */
function oneOf(...alternatives: readonly string[]): string {
  return `\\b(?:${alternatives.join('|')})\\b`;
}
