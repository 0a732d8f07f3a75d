/**
 * `npm run test:mutation`: Stryker changes the pure rules one expression at a time, and their tests have to notice.
 * Prints the score of each file and exits 1 if one is below 90 %. Arguments go to Stryker: `-- --force` forgets
 * earlier results, `-- --mutate src/lib/messages/claim.ts` takes one file.
 *
 * Stryker has an install of its own beside this file, so that `npm ci` stays small. Mutants of tables that are built
 * when a module is loaded are left out (`ignoreStatic`): each would need a run of all tests in a new process.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HERE = 'test/mutation';
const REPORT = `${ROOT}.cache/mutation/report.json`;
const LEAST_PERCENT = 90;

interface Report {
  readonly files: Readonly<Record<string, { readonly mutants: readonly { readonly status: string }[] }>>;
}

function run(command: string, args: readonly string[]): number {
  return spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
}

function isInstalled(): boolean {
  const installed = `${ROOT}${HERE}/node_modules/.package-lock.json`;
  const lock = `${ROOT}${HERE}/package-lock.json`;
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs;
}

/** One row a file; an ignored mutant and one that does not compile count for nothing. */
function scoresOf({ files }: Report) {
  return Object.entries(files).map(([file, { mutants }]) => {
    const count = (...statuses: string[]) => mutants.filter(({ status }) => statuses.includes(status)).length;
    const detected = count('Killed', 'Timeout');
    const undetected = count('Survived', 'NoCoverage');
    const total = detected + undetected;
    return { file, score: total === 0 ? 100 : (100 * detected) / total, detected, undetected };
  });
}

if (!isInstalled() && run('npm', ['ci', '--prefix', HERE]) !== 0) process.exit(1);
rmSync(REPORT, { force: true });
const status = run(`${HERE}/node_modules/.bin/stryker`, [
  'run',
  `${HERE}/stryker.config.json`,
  ...process.argv.slice(2),
]);
if (status !== 0) process.exit(status);

const scores = scoresOf(JSON.parse(readFileSync(REPORT, 'utf8')) as Report);
for (const { file, score, detected, undetected } of scores) {
  const mark = score < LEAST_PERCENT ? '  below 90' : '';
  console.log(`${score.toFixed(1).padStart(6)} %  ${detected} detected, ${undetected} not  ${file}${mark}`);
}
process.exit(scores.some(({ score }) => score < LEAST_PERCENT) ? 1 : 0);
