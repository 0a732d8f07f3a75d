/** Imports run one way: handlers → edge, usecases, wiring → adapters → ports → domain. */
const src = (folder) => `^src/lib/${folder}`;
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** Pure functions of others, which the domain may use as it uses its own. */
const PURE = ['^node_modules/(canonicalize|croner|libphonenumber-js)/', 'node:crypto', '^crypto$'];

module.exports = {
  forbidden: [
    forbid('no-cycles', 'A cycle means that two files are one.', {}, { circular: true }),
    forbid(
      'domain-is-pure',
      'Decisions are tested without a world around them: the domain imports itself and pure functions only.',
      { path: src('domain/') },
      { pathNot: [src('domain/'), ...PURE] },
    ),
    forbid(
      'ports-know-the-domain',
      'Ports say what use cases need, in words of the domain.',
      { path: src('ports') },
      { pathNot: [src('domain/'), src('ports')] },
    ),
    forbid(
      'use-cases-know-ports',
      'A use case that sees an adapter, the edge or AWS cannot be run without them.',
      { path: src('usecases/') },
      {
        pathNot: [src('usecases/'), src('domain/'), src('ports'), '^node_modules/p-map/', '^(node:)?crypto$'],
      },
    ),
    forbid(
      'adapters-know-ports',
      'An adapter translates for a port; it neither decides (use cases) nor answers (edge).',
      { path: src('adapters/') },
      { path: ['^src/handlers', src('edge/'), src('usecases/'), src('wiring'), src('config')] },
    ),
    forbid(
      'edge-does-not-wire',
      'The edge gets what it needs from handlers.',
      { path: src('edge/') },
      { path: ['^src/handlers', src('wiring'), src('adapters/'), src('config')] },
    ),
    forbid(
      'only-adapters-see-aws-and-undici',
      'One place to look when a client library changes.',
      { path: '^src/', pathNot: [src('adapters/'), src('wiring')] },
      { path: '^node_modules/(@aws-sdk|@smithy|undici|@aws-lambda-powertools)/' },
    ),
    forbid(
      'only-the-edge-sees-middy',
      'Lambda is a detail of the edge.',
      { path: '^src/', pathNot: [src('edge/'), '^src/handlers/'] },
      { path: ['^node_modules/@middy/', '^aws-lambda$'] },
    ),
    forbid(
      'undici-is-dear',
      'It is the dearest import: only functions that call LipaChat load it.',
      { path: '^src/handlers/(authorizer|docs|reads|webhook)' },
      { path: '^node_modules/undici/', reachable: true },
    ),
    forbid(
      'documentation-is-no-client',
      'Its role may write logs and nothing else.',
      { path: '^src/handlers/docs' },
      { path: '^node_modules/(@aws-sdk|@smithy)/', reachable: true },
    ),
    forbid(
      'handlers-do-not-reach-down',
      'A handler parses, calls one use case and answers.',
      { path: '^src/handlers/' },
      { path: [src('adapters/'), src('config')] },
    ),
    forbid(
      'the-product-stands-alone',
      'What is deployed imports nothing that is only for this machine.',
      { path: '^src/' },
      { path: ['^local/', '^test/', '^scripts/'] },
    ),
    forbid(
      'commands-are-no-functions',
      'An operator has no event and no HTTP request, and the settings of no function: ops/ wires its own.',
      { path: '^ops/' },
      { path: ['^src/handlers/', src('edge/'), src('wiring'), '^test/', '^scripts/'] },
    ),
    forbid(
      'commands-read-infra-with-local',
      'What a stack should have is read from infra/ once, by local/; its servers are not for operators.',
      { path: '^ops/' },
      { path: '^local/', pathNot: '^local/(queues|table)\\.ts$' },
    ),
    forbid(
      'commands-are-the-end',
      'Nobody builds on a command line, but for its tests.',
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
        // Types only: there is no such module at run time.
        pathNot: '^aws-lambda$',
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
