/** AWS's errors in plain words. Error messages may quote what was sent, so only harmless ones are shown. */
import { AppError } from '../src/lib/platform/errors.ts';
import { OpsError } from './report.ts';

const CREDENTIALS = new Set([
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'NotAuthorized',
  'SignatureDoesNotMatch',
  'TokenProviderError',
  'UnrecognizedClientException',
]);
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** The original error, without the wrapping of our own adapters. */
const rootOf = (error: unknown): unknown => (error instanceof AppError && error.cause ? error.cause : error);

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

export type FaultKind = 'credentials' | 'denied' | 'unreachable' | 'other';

/** S3's response to a HEAD request has no error code, only the status. */
const isForbidden = (fault: unknown): boolean => {
  const { $metadata: metadata } = (fault ?? {}) as { $metadata?: { httpStatusCode?: number } };
  return metadata?.httpStatusCode === 403;
};

export const kindOf = (error: unknown): FaultKind => {
  const fault = rootOf(error);
  const name = fault instanceof Error ? fault.name : '';
  if (CREDENTIALS.has(name)) return 'credentials';
  if (/^AccessDenied|^UnauthorizedOperation$|^AuthorizationError/.test(name) || isForbidden(fault))
    return 'denied';
  if (UNREACHABLE.has(codeOf(fault)) || name === 'TimeoutError') return 'unreachable';
  return 'other';
};

export const isNamed = (error: unknown, ...names: string[]): boolean => {
  const fault = rootOf(error);
  return fault instanceof Error && names.includes(fault.name);
};

/** One sentence, and what to do if that is known. */
export const explain = (error: unknown): string => {
  if (error instanceof OpsError) return error.message;
  const fault = rootOf(error);
  const name = fault instanceof Error ? fault.name : typeof fault;
  const code = codeOf(fault);
  switch (kindOf(error)) {
    case 'credentials':
      return `AWS rejects the credentials (${name}): log in again, or set AWS_PROFILE or AWS_ACCESS_KEY_ID`;
    case 'denied':
      // AWS's message names only the action and the resource that the policy lacks.
      return `a permission is missing: ${(fault as Error).message}`;
    case 'unreachable':
      return `AWS does not respond (${code || name}): for stage local, is npm start running?`;
    case 'other':
      return `the call failed (${code || name})`;
  }
};
