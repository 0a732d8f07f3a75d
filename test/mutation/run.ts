/**
 * `npm run test:mutation`: Stryker changes the pure rules one expression at a time, and their tests have to notice.
 * Prints the score of each file and exits 1 if one is below 90 %. Arguments go to Stryker: `-- --force` forgets
 * earlier results, `-- --mutate src/lib/messages/lease.ts` takes one file. Stryker has an install of its own beside
 * this file, so that `npm ci` stays small.
 *
 * Stryker leaves out what is `as const`: the unit tests of the guards cover the two tables of transitions.
 *
 * These survivors are equivalent, and no test can kill them:
 * - a check that only the types need: the comparison after it is false anyway (`isOutpaced`, `startsLater`,
 *   `hasStartCome`, `isOutdated`, `counted`, `retryOfReport`, `classIn`, `throttleReasonOf`), or an earlier check
 *   implies it (`undispatched`, `isDryRun`, `afterConsent`, `retryTemplate`, `recheck`, `retryOf`);
 * - `<` or `<=` between two instants of which either may be returned if they are equal (`earliest`, `earlier`,
 *   `recheck`, `retryTemplate`);
 * - a value that is overwritten or never used: the code in `throttled`, the status in `failedNow`, the text for no
 *   JSON in `fingerprint`, the phase in `takeOver` of a dispatched message with `hold`, which is never taken over;
 * - the first loop of `pointFrom`: the second one corrects a point that is too low.
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
