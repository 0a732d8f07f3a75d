import { NO_FIELD, type OperatorPhrases, phrase } from './operator-vocabulary.ts';

/*
 * The operator's phrases in Swahili. LipaChat documents English only. These wordings come from public code of wallets, SMS
 * gateways and web frameworks in this language.
 */

const SWAHILI_BAD =
  '(?:(?:si|sio|siyo) (?:sahihi|halali)|(?:ni )?batili|(?:um|im)e(?:isha|kwisha|batilishwa|zuiwa|futwa)|ha(?:u|i)(?:po|tambuliki|jatambuliwa|patikani)|(?:una|ina)hitajika)';

export const SWAHILI: OperatorPhrases = {
  timeout: [
    {
      phrase: /\bmuda (?:wa (?:ombi|kusubiri|muunganisho) )?umeisha\b|\bmuunganisho umekatika\b/,
      source: 'the word for a timeout',
    },
  ],
  key: [
    {
      phrase: phrase(
        `${NO_FIELD}\\b(?:ufunguo|funguo|tokeni) (?:wako |yako )?(?:wa|ya) api ${SWAHILI_BAD}`,
        `^\\W*(?:ufunguo|tokeni) (?:wako |yako )?${SWAHILI_BAD}\\W*$`,
        '\\bufunguo (?:batili|usio sahihi) wa api\\b|\\bapi key (?:yako )?(?:si sahihi|batili|imeisha)',
      ),
      source: 'Swahili for "Invalid API key", "API key expired"',
    },
    {
      phrase:
        /^\W*(?:hai|hu)ja(?:idhinishwa|thibitishwa)\W*$|\buthibitish(?:aji|o) (?:ume|ime)shindwa\b|\bnenosiri (?:si sahihi|batili)\b/,
      source: 'Swahili for "Unauthorized", "Authentication failed"',
    },
  ],
  permission: [
    {
      phrase: /\b(?:huna|hauna|hamna) (?:ruhusa|idhini|kibali|haki)\b|^\W*ha?uruhusiwi\b/,
      source: 'apps of East Africa with HTTP 403: "Huna ruhusa"',
    },
    {
      phrase: /\b(?:ufikiaji|ufikivu|ruhusa) (?:ume|ime)(?:kataliwa|zuiwa)\b|^\W*marufuku\W*$/,
      source: 'Swahili for "Access denied", "Forbidden"',
    },
  ],
  balance: [
    {
      phrase: phrase(
        `${NO_FIELD}\\bsalio (?:lako |la (?:akaunti|wallet|sms) (?:yako )?)?(?:halitoshi|haitoshi|lisilotosha|limeisha|limekwisha|(?:ni )?dogo)\\b`,
        '\\b(?:huna|hauna|hakuna) salio\\b|^\\W*akaunti (?:yako )?haina salio\\b|\\bakaunti yako haina salio\\b',
        '^(?:\\W*tafadhali )?\\W*ongeza salio\\b|\\btafadhali ongeza salio\\b',
      ),
      source: 'wallets of Tanzania and Kenya: "Salio lako halitoshi", "Tafadhali ongeza salio"',
    },
    {
      phrase:
        /\bmalipo yanahitajika\b|\b(?:usajili|kifurushi|bando) (?:wako |chako |lako )?(?:um|kim|lim)e(?:isha|kwisha)\b/,
      source: 'Swahili for "Payment Required", "Your subscription has expired"',
    },
  ],
  pace: [
    {
      phrase:
        /\bmaombi mengi (?:sana|mno|kupita kiasi|kwa)\b|\bumetuma maombi mengi\b|\b(?:ujumbe mwingi|jumbe nyingi) (?:sana|mno)\b|\bsubiri kidogo\b/,
      source: 'apps of East Africa with HTTP 429: "Maombi mengi sana"',
    },
    {
      phrase: phrase(
        '\\b(?:kiwango|kikomo) cha (?:maombi|sms|ujumbe|jumbe|siku|kila siku|mwezi|kutuma)(?: \\S+){0,3} kime(?:zidi|zidishwa|fikiwa|isha|pitwa)\\b(?!.*herufi)',
        '\\bume(?:zidi|zidisha|fikia|pita) (?:kiwango|kikomo) cha (?:maombi|sms|ujumbe|jumbe|siku|kila siku|mwezi|kutuma)\\b(?!.*herufi)',
      ),
      source: '"Kiwango cha SMS kimezidi"',
    },
  ],
  service: [
    {
      phrase: phrase(
        `${NO_FIELD}\\b(?:huduma|mfumo|seva|mtandao)(?: hii| huu| yetu| wetu)? (?:haipatikani|haupatikani|haifanyi kazi|haufanyi kazi|imesimama|umesimama|ime(?:simamishwa|sitishwa)|ume(?:simamishwa|sitishwa))\\b`,
        '\\bmatengenezo\\b',
      ),
      source: 'apps of East Africa with HTTP 503: "Huduma haipatikani kwa sasa"',
    },
    {
      phrase:
        /\b(?:hitilafu|tatizo|kosa|shida) (?:la|ya)(?: \S+)? (?:mfumo|seva|mtandao|ndani|kiufundi|kiteknolojia)\b|\b(?:hitilafu|tatizo|kosa|shida) (?:la|ya) (?:mfumo|seva|mtandao|ndani|kiufundi)\b/,
      source: '"Hitilafu ya ndani ya seva"',
    },
    { phrase: /\bjaribu tena (?:baadaye|baada ya)\b/, source: 'Swahili for "Please try again later"' },
    {
      phrase:
        /(?:^\W*akaunti|\bakaunti yako) (?:hii )?(?:ime(?:simamishwa|fungwa|fungiwa|zuiwa|sitishwa)|hai(?:jaamilishwa|jathibitishwa|tumiki|ko hai))\b/,
      source: 'Swahili for "Your account has been suspended"',
    },
  ],
  fault: [],
};
