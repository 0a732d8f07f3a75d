import type { ErrorClass } from '../domain/error-book.ts';
import type { Telemetry } from '../ports.ts';

/** A word that a send has failed, whether LipaChat's answer or a callback brought it. What is sent again may have several. */
export function countFailure(telemetry: Telemetry, errorClass: ErrorClass | undefined): void {
  telemetry.count(`failed.${errorClass ?? 'other'}`);
}
