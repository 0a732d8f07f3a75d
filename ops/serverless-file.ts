/** Reads a stage's stack name and settings from serverless.yml. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';

const file = z.object({
  service: z.string(),
  params: z.record(
    z.string(),
    z.looseObject({
      environment: z.record(z.string(), z.unknown()).optional(),
      tableProtected: z.boolean().optional(),
      tableKey: z.string().optional(),
    }),
  ),
});

export type TableWishes = {
  /** Protected from deletion. */
  isProtected: boolean;
  /** Encrypted by a key of the account, not by DynamoDB's own. */
  hasOwnKey: boolean;
  tags: Record<string, string>;
};

export type StageSettings = {
  stackName: string;
  table: TableWishes;
  /** The functions' variables that are plain text. Only the stack knows the others. */
  environment: Record<string, string>;
};

/** A param that is plain text in the file. */
const plain = (value: unknown): string | undefined =>
  ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined;

export const readStageSettings = (stage: string): StageSettings => {
  const source = readFileSync(new URL('../serverless.yml', import.meta.url), 'utf8');
  const { service, params } = file.parse(parse(source));
  const environment = params[stage]?.environment ?? params['default']?.environment ?? {};
  const own = { ...params['default'], ...params[stage] };
  const { tableProtected, tableKey } = own;
  const texts = Object.entries(environment).flatMap(([name, value]) => {
    if (typeof value !== 'string' && typeof value !== 'number') return [];
    const text = String(value)
      .replaceAll('${' + 'sls:stage}', stage)
      .replaceAll(/\$\{param:(\w+)\}/g, (whole, name: string) => plain(own[name]) ?? whole);
    return text.includes('${') ? [] : [[name, text] as const];
  });
  return {
    stackName: `${service}-${stage}`,
    table: {
      isProtected: tableProtected ?? false,
      hasOwnKey: tableKey === 'own',
      tags: { service, stage },
    },
    environment: Object.fromEntries(texts),
  };
};
