import { AppError, type FieldError } from '../domain/errors.ts';

/** A request with faults, all at once. Apart from the contracts, so that an edge without numbers needs no numbering plan. */
export function invalidRequest(errors: readonly FieldError[]): AppError {
  const faults = errors.length === 1 ? 'One field is' : `${errors.length} fields are`;
  return new AppError('invalid-request', `${faults} not valid; see errors.`, { errors });
}
