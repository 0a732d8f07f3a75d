/** `npm run -s sbom`: prints all packages as CycloneDX (JSON); `required` are those that the bundles contain. */
import { readFile } from 'node:fs/promises';
import { shippedPackages } from './build.ts';
import type { Lock } from './packages/faults.ts';
import { npmSbom, purlsOf, sbomOf } from './packages/sbom.ts';

const { name, packages } = JSON.parse(await readFile('package-lock.json', 'utf8')) as {
  name: string;
  packages: Lock;
};
const shipped = purlsOf(packages, await shippedPackages());
console.log(JSON.stringify(sbomOf(await npmSbom(), { name, shipped }), undefined, 2));
