/** Reads a stage's stack name and settings from serverless.yml. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';

const file = z.object({
  service: z.string(),
  params: z.record(z.string(), z.object({ environment: z.record(z.string(), z.unknown()).optional() })),
});

export type StageSettings = {
  stackName: string;
  /** The functions' variables that are plain text. Only the stack knows the others. */
  environment: Record<string, string>;
};

export const readStageSettings = (stage: string): StageSettings => {
  const source = readFileSync(new URL('../serverless.yml', import.meta.url), 'utf8');
  const { service, params } = file.parse(parse(source));
  const environment = params[stage]?.environment ?? params['default']?.environment ?? {};
  const texts = Object.entries(environment).flatMap(([name, value]) => {
    if (typeof value !== 'string' && typeof value !== 'number') return [];
    const text = String(value).replaceAll('${' + 'sls:stage}', stage);
    return text.includes('${') ? [] : [[name, text] as const];
  });
  return { stackName: `${service}-${stage}`, environment: Object.fromEntries(texts) };
};
