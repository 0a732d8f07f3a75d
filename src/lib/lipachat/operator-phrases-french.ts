import { NO_FIELD, NO_LENGTH, type OperatorPhrases, phrase } from './operator-vocabulary.ts';

/*
 * The operator's phrases in French. LipaChat documents English only. These wordings come from public code of wallets, SMS
 * gateways and web frameworks in this language. Accents are gone from the normalised text.
 */

const IN_ORDER = '(?:est |sont |a |ont |ete |actuellement |temporairement |momentanement )*';
const FRENCH_BAD =
  '(?:invalide|incorrecte?|erronee?|manquante?|requise?|expiree?|expire|revoquee?|desactivee?|inconnue?|absente?)s?';
const FRENCH_LIMIT =
  "(?:quota|debit|limite (?:de (?:debit|requetes|messages)|d'(?:envoi|appels)|quotidienne|journaliere|mensuelle))";

export const FRENCH: OperatorPhrases = {
  timeout: [
    {
      phrase:
        /\bdelai (?:d'attente |de reponse |de connexion )?(?:est |a ete )*depasse\b|\bconnexion (?:a ete )?(?:reinitialisee|interrompue|perdue)\b/,
      source: 'French for a timeout',
    },
  ],
  key: [
    {
      phrase: phrase(
        `${NO_FIELD}\\bcles? (?:d')?api ${IN_ORDER}${FRENCH_BAD}\\b`,
        `^\\W*(?:le |votre )?jeton (?:d'acces |d'authentification |api )?${IN_ORDER}${FRENCH_BAD}\\b`,
        "\\bjeton (?:d'acces|d'authentification) (?:\\S+ )?(?:invalide|expire)\\b",
        `\\bidentifiants? (?:de connexion )?${IN_ORDER}(?:invalide|incorrect)s?\\b`,
      ),
      source: 'Symfony: "Identifiants invalides."; French for "Invalid API key"',
    },
    {
      phrase:
        /^\W*(?:acces )?non (?:autorisee?|authentifiee?)\W*$|\bauthentification (?:est |a )?(?:requise|echouee?|necessaire)\b|\bechec (?:de l'|d')authentification\b|\bmot de passe (?:est )?(?:incorrect|invalide)\b/,
      source: 'Laravel: "Non autorisé"; French for "Authentication failed"',
    },
  ],
  permission: [
    {
      phrase:
        /\bacces (?:est |a ete )*(?:refuse|interdit|non autorise)\b|\bpermission (?:est |a ete )*refusee\b|^\W*interdit\W*$/,
      source: 'Symfony: "Accès refusé"',
    },
    {
      phrase: /\bvous n'etes pas (?:autorise|habilite|authentifie)/,
      source: 'Symfony: "Vous n\'êtes pas autorisé"',
    },
    {
      phrase:
        /\bn'avez pas (?:la |les |l'|le |assez de )?(?:permissions?|droits?|autorisations?|acces|privileges?)\b|\b(?:droits|permissions|privileges) insuffisante?s\b/,
      source: 'Symfony: "Droits insuffisants."',
    },
  ],
  balance: [
    {
      phrase: phrase(
        `${NO_FIELD}\\b(?:soldes?|credits?|fonds|unites)(?: (?:de |du |sms |votre )+(?:compte|portefeuille))?(?: sms)? ${IN_ORDER}(?:insuffisant|epuise|nul|negatif|trop faible)s?\\b`,
        "\\b(?:pas assez|plus assez|plus|pas suffisamment) de (?:credits?|fonds|solde|unites)\\b(?! d'image)",
        '\\brecharge[rz] votre (?:compte|solde|credit|portefeuille)\\b',
      ),
      source: 'wallets and SMS gateways: "Solde insuffisant"',
    },
    {
      phrase: phrase(
        '\\bpaiement (?:est )?(?:requis|en retard)\\b|\\bfactures? (?:est |sont )?impayees?\\b',
        `(?:^\\W*|\\bvotre )(?:abonnement|forfait|essai|licence) (?:gratuit )?${IN_ORDER}(?:expire|suspendu|inactif|resilie|termine)e?\\b`,
      ),
      source: 'French for "Payment Required", "Your subscription has expired"',
    },
  ],
  pace: [
    {
      phrase: /\btrop (?:de|d') ?(?:requetes|demandes|appels|messages|tentatives|connexions|envois)\b/,
      source: 'APIs with HTTP 429: "Trop de requêtes"',
    },
    {
      phrase: phrase(
        `\\b${FRENCH_LIMIT}(?: (?:d'|de )\\S+)* ${IN_ORDER}(?:depasse|atteint|epuise)e?\\b${NO_LENGTH}`,
        `\\b(?:depasse|atteint) (?:le |la |votre |vos )?${FRENCH_LIMIT}\\b${NO_LENGTH}`,
      ),
      source: 'French for "Quota exceeded"',
    },
  ],
  service: [
    {
      phrase: phrase(
        `${NO_FIELD}\\b(?:service|systeme|serveur|plateforme|passerelle|reseau|api) ${IN_ORDER}(?:indisponible|hors service|en panne|surchargee?|injoignable|inaccessible|en maintenance)\\b`,
        '\\bmaintenance (?:en cours|programmee|planifiee)\\b|\\ben (?:cours de )?maintenance\\b',
        '\\berreur (?:interne|technique|inattendue|(?:du |de )?(?:serveur|systeme|reseau))\\b',
      ),
      source: 'APIs with HTTP 503: "Service temporairement indisponible", "Erreur interne"',
    },
    {
      phrase: /\breessay(?:ez|er) (?:plus tard|ulterieurement|dans)\b/,
      source: 'French for "Please try again later"',
    },
    {
      phrase: phrase(
        `(?:^\\W*(?:le )?compte|\\bvotre compte)(?: lipachat| client)? ${IN_ORDER}(?:suspendu|bloque|desactive|inactif|resilie|ferme|verrouille)\\b`,
      ),
      source: 'French for "Your account has been suspended"',
    },
  ],
  fault: [],
};
