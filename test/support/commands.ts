/** Every command that a page tells its reader to type, and who runs it in a test. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandsOf, ROOT } from './readme.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** All Markdown of the repository. */
export const PAGES = [...globSync('*.md', { cwd: ROOT }), ...globSync('docs/**/*.md', { cwd: ROOT })].sort();

/** The pages that test/deploy/docs.test.ts follows. */
export const FOLLOWED = [
  'docs/deploy.md',
  'docs/runbook.md',
  'docs/upgrading.md',
  'docs/restore.md',
] as const;

/** Commands, and what is one only by its looks, that no test runs; and why. */
export const NOT_RUN = new Map([
  ['npx <tool>', 'it stands for any tool'],
  ['npm run <script>', 'it stands for any script'],
  ['npm run ops -- <verb>', 'it stands for any verb: docs/operations.md has one of each'],
  ['npm run format', 'it changes files; `npm run lint` of .ci/run is the same without'],
  ['npx vitest run --project unit', 'it is a part of `npm test`'],
  ['npm run test:contract', 'it is a part of `npm test`'],
  ['npm run test:mutation', 'it takes minutes, and proves the tests, not the code'],
  ['npm run bench -- --write', 'it takes minutes and changes a page; .ci/run has the quick form'],
  ['npm run bench:plans', 'it takes five minutes; a fault test does the same with fewer rows'],
  ['npm run simulate', 'it stands for any load: a test runs the load of the page'],
  ['npm run simulate -- --against-local', 'it takes minutes, and a quiet machine'],
  ['npm run docs:capacity', 'it changes a page; a test compares the page with what it writes'],
  ['npm run docs:diagrams', 'it changes a page; a test compares the page with what it writes'],
  ['npm run docs:callbacks', 'it changes a page; a test compares the page with what it writes'],
  ['npm run docs:error-codes', 'it changes a page; a test compares the page with what it writes'],
  ['npm run check:facts -- --strict', 'a release may fail by it, a test may not; a test runs its script'],
  [
    'npm run check:advisories -- --strict',
    'a release may fail by it, a test may not; a test runs its script',
  ],
  ['npm run check:packages -- --fix', 'it changes a file; `npm run lint` of .ci/run is the same without'],
  ['npm audit --omit dev', 'it needs an advisory service, which CI does not reach'],
  [
    'aws deploy list-deployments --application-name lipaflow-prod --deployment-group-name sendFlow --include-only-statuses InProgress',
    'the emulator has no CodeDeploy',
  ],
  [
    'aws deploy stop-deployment --deployment-id d-EXAMPLE111 --auto-rollback-enabled',
    'the emulator has no CodeDeploy',
  ],
  [
    'aws cloudformation continue-update-rollback --stack-name lipaflow-prod',
    'the stack has to be in UPDATE_ROLLBACK_FAILED',
  ],
  ['aws dynamodb list-backups --backup-type SYSTEM', 'the emulator keeps no backup of a deleted table'],
  [
    'aws dynamodb restore-table-from-backup --backup-arn <ARN> --target-table-name lipaflow-prod-restored',
    'the emulator keeps no backup of a deleted table',
  ],
  ['git diff v0.1.0 v0.2.0 -- serverless.yml infra/', 'there are no two releases yet'],
]);

const INLINE = /(?<![`\w])`((?:npm|npx|aws|curl|node|git) [^`\n]+)`/g;

/** Commands in the running text, not those of fenced blocks. */
const inlineCommandsOf = (markdown: string): string[] =>
  [...markdown.replace(/^```.*?^```$/gms, '').matchAll(INLINE)].map(([, text = '']) => text);

/** A line that only gives a variable a plain value is no command. */
const runs = (line: string): boolean => !/^[A-Z_]+=[^$( ]*$/.test(line);

const blockCommandsOf = (page: string): string[] =>
  commandsOf(read(page))
    .map(({ text }) => text)
    .filter(runs);

const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;
/** With what its `npm run lint` calls. */
const ci = `${read('.ci/run')}\n${scripts['lint'] ?? ''}`;
const readme = blockCommandsOf('README.md');
const operations = blockCommandsOf('docs/operations.md');

/** `npm run check` is what its script says, one after the other. */
const partsOf = (text: string): string[] =>
  text === 'npm run check' ? (scripts['check'] ?? '').split(' && ') : [text];

type Use = { page: string; text: string };

/** Who runs it; undefined: nobody does. */
export const runnerOf = ({ page, text }: Use): string | undefined => {
  const isIn = (commands: string[]): boolean => commands.some((command) => command.includes(text));
  if (NOT_RUN.has(text)) return 'nobody';
  if (partsOf(text).every((part) => ci.includes(part))) return '.ci/run';
  if (isIn(readme)) return 'test/e2e/readme.test.ts';
  if (isIn(operations)) return 'test/e2e/ops-page.test.ts';
  if (text === 'npm run ops -- --help') return 'test/policy/commands.test.ts';
  if (page === 'docs/capacity.md' && text.startsWith('npm run simulate -- --sends'))
    return 'test/e2e/capacity-page.test.ts';
  if (page === 'docs/campaigns.md' && text.startsWith('curl ')) return 'test/e2e/recipient-files.test.ts';
  return FOLLOWED.some((one) => one === page) ? 'test/deploy/docs.test.ts' : undefined;
};

export const usesIn = (page: string): Use[] =>
  [...blockCommandsOf(page), ...inlineCommandsOf(read(page))].map((text) => ({ page, text }));

/** What docs.test.ts runs of a page (or a part of it), in order: all of its blocks, and what nobody else runs of its text. */
export const followed = (page: string, markdown: string): string[] => {
  const found = [
    ...markdown.matchAll(/^```sh\n(.*?)^```$|(?<![`\w])`((?:npm|npx|aws|curl|node|git) [^`\n]+)`/gms),
  ];
  return found.flatMap(([, block, inline = '']) =>
    block === undefined
      ? [inline].filter((text) => runnerOf({ page, text }) === 'test/deploy/docs.test.ts')
      : block.split('\n').filter((line) => line !== ''),
  );
};
