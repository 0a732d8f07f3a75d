/** The list of all packages as CycloneDX, made by npm from package-lock.json alone. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as z from 'zod';
import { type Lock, nameOf } from './faults.ts';

const component = z.looseObject({
  'bom-ref': z.string(),
  name: z.string(),
  version: z.string(),
  purl: z.string().startsWith('pkg:npm/'),
  scope: z.enum(['required', 'optional', 'excluded']).optional(),
  licenses: z.array(z.unknown()).min(1),
});

const schema = z.looseObject({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.string(),
  metadata: z.looseObject({ component: z.looseObject({ name: z.string() }) }),
  components: z.array(component),
});

type Sbom = z.output<typeof schema>;

/** The package URLs of folders. */
export const purlsOf = (lock: Lock, folders: readonly string[]): string[] =>
  folders.map((folder) => `pkg:npm/${nameOf(folder)}@${lock[folder]?.version}`);

/**
 * npm names the project after its folder, and calls optional what belongs to development. Here the project has its name,
 * `required` is what the bundles contain (`shipped`, by package URL), and `excluded` is everything else.
 */
export const sbomOf = (
  text: string,
  { name, shipped }: { name: string; shipped: readonly string[] },
): Sbom => {
  const { metadata, components, ...rest } = schema.parse(JSON.parse(text));
  return {
    ...rest,
    metadata: { ...metadata, component: { ...metadata.component, name } },
    components: components.map((one) => {
      const isShipped = shipped.includes(decodeURIComponent(one.purl));
      return { ...one, scope: isShipped ? ('required' as const) : ('excluded' as const) };
    }),
  };
};

/** What it lacks of the packages that are shipped. */
export const sbomFaults = ({ components }: Sbom, shipped: readonly string[]): string[] => {
  const listed = components.map(({ purl }) => decodeURIComponent(purl));
  const missing = shipped.filter((purl) => !listed.includes(purl));
  return missing.map((purl) => `the SBOM does not list ${purl}, which the bundles contain`);
};

/** npm's own text. Needs no network. */
export const npmSbom = async (): Promise<string> => {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const { stdout } = await promisify(execFile)('npm', args, { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
};
