/** The gates on packages and secrets: what they let pass, and what they stop. */
import { readFileSync } from 'node:fs';
import { satisfies } from 'semver';
import { describe, expect, it } from 'vitest';
import { shippedPackages } from '../../../scripts/build.ts';
import { advisoriesReport, OLDEST_DAYS } from '../../../scripts/check-advisories.ts';
import { secretsIn } from '../../../scripts/check-secrets.ts';
import { ADVISORIES_READ_ON, FINDINGS, READ_FOR } from '../../../scripts/packages/advisories.ts';
import { engineFaults, isAllowed, licenceFaults, scriptFaults } from '../../../scripts/packages/faults.ts';
import { SHIPPED_LICENCES, TOOL_LICENCES } from '../../../scripts/packages/rules.ts';
import { sbomFaults, sbomOf } from '../../../scripts/packages/sbom.ts';

const lists = { shipped: ['node_modules/a'], strict: SHIPPED_LICENCES, allowed: TOOL_LICENCES };

describe('a licence', () => {
  it.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0-or-later)', true],
    ['GPL-3.0-or-later OR AGPL-3.0-only', false],
    ['MIT AND GPL-2.0-only', false],
    ['SEE LICENSE IN LICENSE', false],
    ['', false],
  ])('%j passes: %s', (licence, passes) => {
    expect(isAllowed(licence, SHIPPED_LICENCES)).toBe(passes);
  });

  it('of a tool may be one that a shipped package may not have', () => {
    const license = 'MPL-2.0';
    expect(licenceFaults({ 'node_modules/b': { license } }, lists)).toEqual([]);
    expect(licenceFaults({ 'node_modules/a': { license } }, lists)).toEqual([
      'a has the licence MPL-2.0, which the bundles contain: it is on no list',
    ]);
    expect(licenceFaults({ '': {}, 'node_modules/b': {} }, lists)).toHaveLength(1);
  });
});

describe('an install script', () => {
  it('is stopped if it is on no list, and so is a list that is out of date', () => {
    const lock = { 'node_modules/x/node_modules/@a/evil': { hasInstallScript: true }, 'node_modules/b': {} };
    expect(scriptFaults(lock, { b: 'why' })).toEqual([
      '@a/evil has an install script that is on no list',
      'b is on the list of install scripts and has none',
    ]);
    expect(scriptFaults(lock, { '@a/evil': 'why' })).toEqual([]);
  });
});

describe('engines', () => {
  it('are those of the Node that runs the scripts, and not in the lock', () => {
    const engines = { 'node_modules/a': '>=22', 'node_modules/b': '^20', 'node_modules/c': undefined };
    expect(engineFaults({}, engines, '24.21.0')).toEqual(['b needs Node ^20, not 24.21.0']);
    const [fault] = engineFaults({ '': { engines: {} }, 'node_modules/a': { engines: {} } }, {}, '24.21.0');
    expect(fault).toContain('`engines` of 1 packages');
  });
});

describe('the SBOM', () => {
  const component = { 'bom-ref': 'a@1.0.0', name: 'a', version: '1.0.0', licenses: [{}], scope: 'optional' };
  const text = JSON.stringify({
    ...{ bomFormat: 'CycloneDX', specVersion: '1.5', metadata: { component: { name: 'folder' } } },
    components: [
      { ...component, purl: 'pkg:npm/%40scope/a@1.0.0' },
      { ...component, purl: 'pkg:npm/b@1.0.0' },
    ],
  });

  it('tells what is shipped from what is not, and names the project', () => {
    const { metadata, components } = sbomOf(text, { name: 'lipaflow', shipped: ['pkg:npm/@scope/a@1.0.0'] });
    expect(metadata.component.name).toBe('lipaflow');
    expect(components.map(({ scope }) => scope)).toEqual(['required', 'excluded']);
  });

  it('is at fault if it lacks a shipped package', () => {
    const shipped = ['pkg:npm/@scope/a@1.0.0', 'pkg:npm/b@2.0.0'];
    expect(sbomFaults(sbomOf(text, { name: 'lipaflow', shipped }), shipped)).toEqual([
      'the SBOM does not list pkg:npm/b@2.0.0, which the bundles contain',
    ]);
  });
});

describe('a secret', () => {
  // In pieces, so that the gate does not find them here.
  it.each([
    ['a GitHub token', ['gh', 'p_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8']],
    ['an AWS key', ['AWS_SECRET_ACCESS_', 'KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzABCDEFGH']],
    ['an npm token', ['np', 'm_abcdefghijklmnopqrstuvwxyz0123456789']],
    ['a password in a URL', ['https://user:', 'pa55word@example.org/x']],
    [
      'a private key',
      [
        '-----BEGIN RSA PRIVATE ',
        `KEY-----\n${'MIIEpAIBAAKCAQEA'.repeat(30)}\n-----END RSA PRIVATE `,
        'KEY-----',
      ],
    ],
  ])('that is planted is found, and not printed: %s', async (_, pieces) => {
    const found = await secretsIn({ path: 'src/a.ts', text: `one\n${pieces.join('')}\n` });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^src\/a\.ts:2: /);
    expect(found[0]).not.toContain(pieces.at(-1)?.slice(0, 12));
  });

  it('is not found in code without one', async () => {
    const text = readFileSync(new URL('../../../src/lib/clients/scopes.ts', import.meta.url), 'utf8');
    expect(await secretsIn({ path: 'a.ts', text })).toEqual([]);
  });
});

describe('what was read about advisories', () => {
  const now = (days: number) => new Date(Date.parse(ADVISORIES_READ_ON) + days * 86_400_000);

  it(`is due again after ${OLDEST_DAYS} days, or when a shipped package is another version`, () => {
    const same = { read: READ_FOR, shipped: READ_FOR };
    expect(advisoriesReport(ADVISORIES_READ_ON, now(OLDEST_DAYS), same).isDue).toBe(false);
    expect(advisoriesReport(ADVISORIES_READ_ON, now(OLDEST_DAYS + 1), same).isDue).toBe(true);
    const shipped = { ...READ_FOR, zod: '99.0.0' };
    const report = advisoriesReport(ADVISORIES_READ_ON, now(0), { read: READ_FOR, shipped });
    expect(report).toMatchObject({ isDue: true, text: expect.stringContaining('zod 99.0.0') });
    expect(advisoriesReport('never', now(0), same).isDue).toBe(true);
  });

  it('is dated in docs/security.md', async () => {
    const page = readFileSync(new URL('../../../docs/security.md', import.meta.url), 'utf8');
    expect(page).toContain(`The last reading, on ${ADVISORIES_READ_ON},`);
    expect(page).toContain(`; ${(await shippedPackages()).length} of them have code in the bundles`);
    expect(page).toContain(`is over ${OLDEST_DAYS} days old`);
  });

  it('found nothing that concerns a shipped version', () => {
    for (const { name, fixedIn } of FINDINGS) {
      expect([name, satisfies(READ_FOR[name] ?? '', `>=${fixedIn}`)]).toEqual([name, true]);
    }
  });
});
