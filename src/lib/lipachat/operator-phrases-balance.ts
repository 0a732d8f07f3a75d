import { httpStatus, IS, MONEY, NOT_THEIRS, type OperatorPhrases, phrase } from './operator-vocabulary.ts';

/* The operator's phrases about money; see `operator-phrases.ts`. */

export const BALANCE: OperatorPhrases['balance'] = [
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
    phrase: phrase(
      `\\b(?:run|ran|running) (?:out of|low on) (?:your |any )?(?:\\w+ )?${MONEY}\\b`,
      '\\b(?:kindly|you must|need to) (?:top up|recharge)\\b',
      '\\b(?:credit|spending|overdraft) limit (?:is |has |was |been )*(?:exceeded|reached)\\b',
      '\\byour (?:invoice|bill|payment)s? (?:is|are|has|have) (?:been )?(?:overdue|unpaid|past due|outstanding|failed)\\b',
    ),
    source: 'prepaid SMS gateways: "run out of units"; AWS SNS: a spending limit',
  },
  {
    phrase:
      /\b(?:plan|subscription|package) (?:does not|doesn't|do not) (?:include|support|allow|cover)\b|\bupgrade your (?:plan|subscription|account|package)\b/,
    source: 'WATI, Zoko: a plan without the feature',
  },
  { phrase: phrase(httpStatus('402')), source: 'RFC 9110' },
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
];
