import { join } from 'node:path';
import { makeDocsFiles } from '../docs/files.ts';
import { systemClock, systemRandom } from '../platform/clock.ts';
import { readConfig } from '../platform/config.ts';
import { wireTelemetry } from './logs-and-metrics.ts';

/** The documentation needs no AWS service. The build puts its files beside the bundle. */
export function wireDocs(functionName: string) {
  const config = readConfig();
  const clock = systemClock;
  const telemetry = wireTelemetry(functionName, config, clock);
  return {
    telemetry,
    clock,
    random: systemRandom,
    files: makeDocsFiles(join(__dirname, 'docs-files')),
  };
}
