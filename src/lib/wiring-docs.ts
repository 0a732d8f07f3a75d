import { join } from 'node:path';
import { makeDocsFiles } from './adapters/docs-files.ts';
import { makeTelemetry } from './adapters/telemetry.ts';
import { readConfig } from './config.ts';

/** What the documentation needs: no AWS service at all. The build puts the files beside the bundle. */
export function wireDocs(functionName: string) {
  const config = readConfig();
  const telemetry = makeTelemetry({ functionName, stage: config.STAGE, level: config.LOG_LEVEL });
  return { telemetry, files: makeDocsFiles(join(__dirname, 'docs')) };
}
