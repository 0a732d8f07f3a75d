/** What cdk-nag finds in a packaged template, as `rule at resource`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import type { Packaged } from './packaged.ts';

type Finding = { rule: string; at: string };

/** A rule that could not be applied says so in its description, and counts as a finding of its own. */
const UNJUDGED = 'Rule threw an error';

export const findingsIn = ({ text }: Packaged): Finding[] => {
  const directory = mkdtempSync(join(tmpdir(), 'lipaflow-nag-'));
  try {
    const templateFile = join(directory, 'template.json');
    writeFileSync(templateFile, text);
    const app = new App({ outdir: directory });
    new CfnInclude(new Stack(app, 'stack'), 'template', { templateFile });
    return [new AwsSolutionsChecks(app), new ServerlessChecks(app)].flatMap((pack) =>
      pack.validateScope(app).violations.flatMap(({ ruleName, description, violatingResources = [] }) =>
        violatingResources.map(({ constructPath = '' }) => ({
          rule: description.includes(UNJUDGED) ? `${ruleName} (unjudged)` : ruleName,
          at: constructPath.split('/').at(-1) ?? '',
        })),
      ),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
};
