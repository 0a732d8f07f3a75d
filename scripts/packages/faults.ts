/** What is wrong with the packages of a package-lock.json. Pure. */
import { satisfies } from 'semver';

interface Locked {
  readonly version?: string;
  readonly license?: string;
  readonly hasInstallScript?: boolean;
  readonly engines?: unknown;
}

/** Packages by their folder; `''` is the project itself. */
export type Lock = Readonly<Record<string, Locked>>;

export const nameOf = (folder: string): string => folder.slice(folder.lastIndexOf('node_modules/') + 13);

const packagesOf = (lock: Lock): [string, Locked][] =>
  Object.entries(lock).filter(([folder]) => folder !== '');

/** Does an SPDX expression without nesting leave a choice that is allowed? */
export const isAllowed = (licence: string, allowed: readonly string[]): boolean =>
  licence
    .replace(/^\((.*)\)$/, '$1')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((one) => allowed.includes(one)));

/** `shipped`: the folders of packages that are passed on, for which `strict` counts. */
export const licenceFaults = (
  lock: Lock,
  {
    shipped,
    strict,
    allowed,
  }: { shipped: readonly string[]; strict: readonly string[]; allowed: readonly string[] },
): string[] =>
  packagesOf(lock).flatMap(([folder, { license }]) => {
    const list = shipped.includes(folder) ? strict : allowed;
    if (license !== undefined && isAllowed(license, list)) return [];
    const where = shipped.includes(folder) ? ', which the bundles contain' : '';
    return [`${nameOf(folder)} has the licence ${license ?? '(none)'}${where}: it is on no list`];
  });

/** `known`: the packages with an install script, with a reason each. */
export const scriptFaults = (lock: Lock, known: Readonly<Record<string, string>>): string[] => {
  const found = packagesOf(lock).flatMap(([folder, { hasInstallScript }]) =>
    hasInstallScript ? [nameOf(folder)] : [],
  );
  const unknown = found.filter((name) => !Object.hasOwn(known, name));
  const gone = Object.keys(known).filter((name) => !found.includes(name));
  return [
    ...unknown.map((name) => `${name} has an install script that is on no list`),
    ...gone.map((name) => `${name} is on the list of install scripts and has none`),
  ];
};

/** The Node that a package asks for, by folder. */
export type Engines = Readonly<Record<string, string | undefined>>;

/**
 * npm would compare `engines` with the Node that runs npm. The scripts run on the Node that the lock brings along, so the
 * lock has no `engines`, and this compares them with `node`, the version of that one.
 */
export const engineFaults = (lock: Lock, engines: Engines, node: string): string[] => {
  const named = packagesOf(lock).filter(([, entry]) => entry.engines !== undefined);
  const unfit = Object.entries(engines).flatMap(([folder, range]) =>
    range === undefined || satisfies(node, range)
      ? []
      : [`${nameOf(folder)} needs Node ${range}, not ${node}`],
  );
  if (named.length === 0) return unfit;
  return [`the lock has \`engines\` of ${named.length} packages: npm run check:packages -- --fix`, ...unfit];
};
