/**
 * `npm run check:advisories`: says when somebody last read the advisories about the packages that the bundles contain, and
 * which of them have changed since. With `--strict`, as for a release, it fails if that is too long ago or one has changed.
 */
import { readFile } from 'node:fs/promises';
import { shippedPackages } from './build.ts';
import { ADVISORIES_READ_ON, READ_FOR } from './packages/advisories.ts';
import { type Lock, nameOf } from './packages/faults.ts';

/** Most advisories become known within weeks of a release. */
export const OLDEST_DAYS = 30;
const DAY_MS = 86_400_000;

type Versions = Readonly<Record<string, string>>;

export const advisoriesReport = (
  readOn: string,
  now: Date,
  { read, shipped }: { read: Versions; shipped: Versions },
) => {
  const days = Math.floor((now.getTime() - Date.parse(readOn)) / DAY_MS);
  const changed = Object.entries(shipped).flatMap(([name, version]) =>
    read[name] === version ? [] : [`${name} ${version}`],
  );
  const isOld = !(days <= OLDEST_DAYS);
  const age = `Advisories were read on ${readOn}, ${days} days ago${isOld ? `: more than ${OLDEST_DAYS}` : ''}.`;
  const others = changed.length > 0 ? ` Not read about: ${changed.join(', ')}.` : '';
  const how = ' Read them as scripts/packages/advisories.ts says.';
  return { isDue: isOld || changed.length > 0, text: `${age}${others}${isOld || others !== '' ? how : ''}` };
};

export const versionsOf = (lock: Lock, folders: readonly string[]): Versions =>
  Object.fromEntries(folders.map((folder) => [nameOf(folder), lock[folder]?.version ?? '']));

if (import.meta.main) {
  const { packages } = JSON.parse(await readFile('package-lock.json', 'utf8')) as { packages: Lock };
  const shipped = versionsOf(packages, await shippedPackages());
  const { isDue, text } = advisoriesReport(ADVISORIES_READ_ON, new Date(), { read: READ_FOR, shipped });
  console.log(text);
  if (isDue && process.argv.includes('--strict')) process.exitCode = 1;
}
