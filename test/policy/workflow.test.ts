/** examples/github-actions.yml is copied as it is: it must be safe, and its commands must be the documented ones. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../support/readme.ts';

type Step = { uses?: string; run?: string; with?: Record<string, unknown> };
type Job = { permissions?: Record<string, string>; environment?: string; steps: Step[] };
type Workflow = { permissions: Record<string, string>; jobs: Record<string, Job> };

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const text = read('examples/github-actions.yml');
const workflow = parse(text) as Workflow;
const jobs = Object.values(workflow.jobs);
const steps = jobs.flatMap((job) => job.steps);

describe('the example workflow', () => {
  it('pins every action by its commit, with the version beside it', () => {
    const uses = text.split('\n').filter((line) => line.includes('uses:'));
    expect(uses.length).toBe(steps.filter((step) => step.uses !== undefined).length);
    expect(uses.filter((line) => !/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual(
      [],
    );
  });

  it('gets credentials for AWS by a signed token, and only where it deploys to a protected environment', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    const withToken = jobs.filter(({ permissions }) => permissions?.['id-token'] === 'write');
    const withAws = jobs.filter((job) => job.steps.some(({ uses }) => uses?.startsWith('aws-actions/')));
    expect(withToken).toEqual(withAws);
    expect(withAws.map(({ environment }) => environment)).toEqual(['prod']);
    expect(text).not.toMatch(/secrets\.|aws-(access-key-id|secret-access-key)/);
  });

  it('leaves no token of the repository to the commands of a job', () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts.map((step) => step.with?.['persist-credentials'])).toEqual([false, false]);
  });

  it('runs what the pages say, and nothing else', () => {
    const documented = ['README.md', 'docs/deploy.md', 'CONTRIBUTING.md'].map(read).join('\n');
    const runs = steps.flatMap(({ run }) => (run === undefined ? [] : [run]));
    expect(runs.length).toBeGreaterThan(3);
    expect(runs.filter((run) => !documented.includes(run))).toEqual([]);
  });
});
