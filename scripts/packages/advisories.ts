/**
 * The advisories about the packages that the bundles contain, read by hand. `npm audit` needs an advisory service, which CI
 * does not reach.
 *
 * To read them again: `npm audit --omit dev` where the service can be reached, or each package's page in the GitHub Advisory
 * Database. Then set the date, the versions and the findings. docs/security.md says what the last reading is worth.
 */
export const ADVISORIES_READ_ON = '2026-11-28';

/** What was found, and the version that has the fix. None concerns a version below. */
export const FINDINGS: readonly { readonly id: string; readonly name: string; readonly fixedIn: string }[] = [
  { id: 'CVE-2019-17592', name: 'csv-parse', fixedIn: '4.4.6' },
  { id: 'formula injection past escape_formulas', name: 'csv-stringify', fixedIn: '6.6.0' },
  { id: 'CVE-2026-65898 and CVE-2026-65902 (DOMPurify)', name: 'swagger-ui-dist', fixedIn: '5.32.7' },
  { id: 'CVE-2026-6733', name: 'undici', fixedIn: '8.5.0' },
  { id: 'CVE-2026-13697', name: 'undici', fixedIn: '8.9.0' },
  { id: 'GHSA-m95q-7qp3-xv42', name: 'zod', fixedIn: '3.22.3' },
];

/** The versions that were read about. Of the other packages that ship, nothing was read. */
export const READ_FOR: Readonly<Record<string, string>> = {
  '@aws-sdk/checksums': '3.1002.5',
  '@aws-sdk/client-dynamodb': '3.1164.0',
  '@aws-sdk/client-eventbridge': '3.1169.0',
  '@aws-sdk/client-s3': '3.1169.0',
  '@aws-sdk/client-sqs': '3.1169.0',
  '@aws-sdk/client-ssm': '3.1169.0',
  '@aws-sdk/core': '3.981.0',
  '@aws-sdk/dynamodb-codec': '3.973.56',
  '@aws-sdk/endpoint-cache': '3.972.11',
  '@aws-sdk/lib-storage': '3.1169.0',
  '@aws-sdk/middleware-endpoint-discovery': '3.972.37',
  '@aws-sdk/middleware-sdk-s3': '3.972.89',
  '@aws-sdk/middleware-sdk-sqs': '3.972.50',
  '@aws-sdk/s3-request-presigner': '3.1169.0',
  '@aws-sdk/signature-v4-multi-region': '3.996.52',
  '@aws-sdk/util-dynamodb': '3.996.9',
  '@aws-sdk/xml-builder': '3.972.43',
  'csv-parse': '7.0.3',
  'csv-stringify': '6.9.0',
  'swagger-ui-dist': '5.35.0',
  undici: '8.12.4',
  zod: '4.6.7',
};
