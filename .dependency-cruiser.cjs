/**
 * The walls of the house. `src/lib` has one folder per capability (a room); rooms import downwards only, in the order
 * of ROOMS. Inside a room, a file's name says what the file is, and so what it may import.
 */
const ROOMS = [
  ['whatsapp'],
  ['platform'],
  ['http', 'clients', 'sessions'],
  ['messages'],
  ['lipachat'],
  ['sending'],
  ['callbacks', 'campaigns'],
  ['events', 'contacts', 'docs'],
  ['wiring'],
];

const room = (name) => `^src/lib/${name}/`;
const AWS = '^node_modules/(@aws-sdk|@smithy|undici)/';
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** Files that talk to a service. Everything else is tested without one. */
const ADAPTER =
  '^src/lib/(?!http/).*/(dynamo-|sqs-|s3-|eventbridge|secrets|client|aws-transport|telemetry)[^/]*\\.ts$';

/** Pure rules: they decide, and neither wait, nor read a clock, nor know a port. */
const RULES = [
  '^src/lib/whatsapp/',
  '^src/lib/platform/(caller|deterministic-id|errors|exact-json|problem-titles|text)\\.ts$',
  '^src/lib/clients/scopes\\.ts$',
  '^src/lib/sessions/person\\.ts$',
  '^src/lib/messages/(gateway-message-id|hold-or-resend|lease|lifecycle|message|outcome|namespaced|receipt|reply|sends|backoff)\\.ts$',
  '^src/lib/messages/(status|status-report|template-message|waiting)\\.ts$',
  '^src/lib/(messages|campaigns)/transitions/',
  '^src/lib/lipachat/verdict\\.ts$',
  '^src/lib/campaigns/(campaign|campaign-id|ledger|lifecycle|progress|rate-limit|recipient-result|report|schedule)\\.ts$',
  '^src/lib/campaigns/failures/streak\\.ts$',
  '^src/lib/campaigns/ownership/owned\\.ts$',
  '^src/lib/campaigns/plan/(figures|number-cell|placeholders|price|recipient|row|seen-numbers|tally)\\.ts$',
  '^src/lib/events/(events-of-change|metrics)\\.ts$',
];

/** Libraries that compute and do nothing else: rules may use them as their own code (ADR 008). */
const PURE_LIBRARIES = '^node_modules/(canonicalize|croner|libphonenumber-js)/';

/** One rule per level: a room imports itself and the rooms below it. */
const downwards = ROOMS.flatMap((level, n) =>
  level.map((name) =>
    forbid(
      `${name}-imports-downwards`,
      'Rooms import one way, so that a reader can start at the bottom and a change stays in its room.',
      { path: room(name) },
      {
        path: [...level.filter((other) => other !== name), ...ROOMS.slice(n + 1).flat()]
          .map(room)
          .concat('^src/handlers/'),
      },
    ),
  ),
);

module.exports = {
  forbidden: [
    ...downwards,
    forbid('no-cycles', 'A cycle means that two files are one.', {}, { circular: true }),
    forbid(
      'room-is-listed',
      'Add a new room to ROOMS, at the level it belongs to.',
      { path: '^src/lib/', pathNot: ROOMS.flat().map(room) },
      {},
    ),
    forbid(
      'rules-are-pure',
      'Decisions are tested without a world around them.',
      { path: RULES },
      { pathNot: [...RULES, PURE_LIBRARIES, '^(node:)?crypto$', '^src/lib/lipachat/callback\\.ts$'] },
    ),
    forbid(
      'transitions-go-through-the-table',
      'A transition that is called past lifecycle.ts is an arrow that the table does not show.',
      { pathNot: '^src/lib/(messages|campaigns)/(lifecycle\\.ts|transitions/)' },
      { path: '^src/lib/(messages|campaigns)/transitions/' },
    ),
    forbid(
      'only-adapters-see-aws-and-undici',
      'One place to look when a client library changes.',
      { path: '^src/', pathNot: [ADAPTER, room('wiring')] },
      { path: AWS },
    ),
    forbid(
      'only-the-benchmark-sees-powertools',
      'Its logger and metrics take 4 % of a send (ADR 020).',
      { path: '^src/' },
      { path: '^node_modules/@aws-lambda-powertools/' },
    ),
    forbid(
      'only-http-sees-middy-and-lambda',
      'Lambda is a detail of the entry.',
      { path: '^src/', pathNot: [room('http'), '^src/handlers/', '/change-stream\\.ts$'] },
      { path: ['^node_modules/@middy/', '^aws-lambda$'] },
    ),
    forbid(
      'use-cases-know-ports',
      'A use case that sees an adapter cannot run without the service behind it.',
      { path: '^src/lib/', pathNot: [ADAPTER, room('wiring')] },
      { path: ADAPTER, pathNot: '^node_modules/' },
    ),
    forbid(
      'adapters-do-not-decide',
      'An adapter translates for a port.',
      { path: ADAPTER },
      { path: [room('http'), room('wiring'), '^src/lib/platform/config'] },
    ),
    forbid(
      'undici-is-expensive',
      'Loading undici dominates a cold start: only functions that call LipaChat load it.',
      { path: '^src/handlers/(authorizer|docs|reads|webhook)' },
      { path: '^node_modules/undici/', reachable: true },
    ),
    forbid(
      'docs-needs-no-aws',
      'The role of `docs` may write logs and nothing else.',
      { path: '^src/handlers/docs' },
      { path: '^node_modules/(@aws-sdk|@smithy)/', reachable: true },
    ),
    forbid(
      'handlers-do-not-reach-down',
      'A handler parses, calls one use case and answers.',
      { path: '^src/handlers/' },
      { path: [ADAPTER, '^src/lib/platform/config'], pathNot: '^node_modules/' },
    ),
    forbid(
      'the-product-stands-alone',
      'Deployed code imports nothing that exists only on a development machine.',
      { path: '^src/' },
      { path: ['^local/', '^test/', '^scripts/', '^ops/', '^bench/'] },
    ),
    forbid(
      'commands-are-not-functions',
      'An operator has no event and no HTTP request: ops/ wires its own dependencies.',
      { path: '^ops/' },
      { path: ['^src/handlers/', room('http'), room('wiring'), '^test/', '^scripts/'] },
    ),
    forbid(
      'commands-read-infra-with-local',
      'local/ reads infra/ once for both; its servers are not for operators.',
      { path: '^ops/' },
      { path: '^local/', pathNot: '^local/aws/(queues|table)\\.ts$' },
    ),
    forbid(
      'nothing-imports-commands',
      'Only tests import a command line.',
      { path: '^(src|local|scripts)/' },
      { path: '^ops/' },
    ),
    forbid('local-is-not-a-test', 'npm start needs no test code.', { path: '^local/' }, { path: '^test/' }),
    forbid(
      'resolvable',
      'An import that resolves to nothing.',
      {},
      {
        couldNotResolve: true,
        // Types only: there is no such module at run time. And what `npm run test:policy` installs for itself.
        pathNot: '^(aws-lambda|aws-cdk-lib|aws-cdk-lib/.*|cdk-nag)$',
      },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.cjs', '.mjs', '.json'],
      conditionNames: ['import', 'node', 'default', 'types'],
      exportsFields: ['exports'],
    },
  },
};
