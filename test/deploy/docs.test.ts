/**
 * Follows docs/deploy.md, the runbook, docs/upgrading.md and docs/restore.md word for word, with the rights that deploy.md lists and
 * no others.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { followed } from '../support/commands.ts';
import { blocksOf } from '../support/readme.ts';
import { createRehearsal } from './docs/rehearsal.ts';
import { stepFor } from './docs/steps.ts';
import { startWorld, type World } from './docs/world.ts';
import { ROOT } from './emulator.ts';
import { removeScratch } from './scratch.ts';
import type { Template } from './template.ts';

let running: World | undefined;
const world = (): World => {
  if (running === undefined) throw new Error('nothing is running');
  return running;
};

beforeAll(async () => {
  running = await startWorld();
});
afterAll(async () => {
  await running?.close();
  removeScratch();
});

const pageOf = (page: string): string => readFileSync(join(ROOT, page), 'utf8');
const [deploying = '', removing = ''] = pageOf('docs/deploy.md').split(/^(?=## Take it down$)/m);
const [takingDown = '', ridding = ''] = removing.split(/(?<=npx serverless remove .*\n```\n)/);
const [swapping = '', adopting = ''] = pageOf('docs/restore.md').split(
  /^(?=## Deploy over what a stack left$)/m,
);
const [, stopping = ''] = /### 1\. Stop\n[\s\S]*?```sh\n([\s\S]*?)```/.exec(swapping) ?? [];

const follow = (page: string, markdown: string): void => {
  const commands = followed(page, markdown);
  it.each(commands.map((text, index) => [index + 1, text] as const))(
    '%i. %s',
    async (_index, text) => {
      const step = stepFor(text);
      if (!step) return expect.fail(`no test knows this command: ${text}`);
      await step(world(), text);
    },
    150_000,
  );

  it('has commands to follow', () => expect(commands.length).toBeGreaterThan(2));
};

/** The kinds in the table of what stays, without their stages and ends. */
const STAYING = ['buckets', 'keys', 'parameters', 'tables'];

const holdings = async (): Promise<Record<string, string[]>> => {
  const all = Object.entries(await world().account.holdings());
  return Object.fromEntries(all.filter(([, names]) => names.length > 0));
};

describe('docs/deploy.md, up to a monitored deployment', () => follow('docs/deploy.md', deploying));
describe('docs/runbook.md', () => follow('docs/runbook.md', pageOf('docs/runbook.md')));

describe('docs/upgrading.md', () => {
  const version = '0.0.0-next';
  const health = () => world().run('curl -sS "$API/v1/health"');

  it('starts with another release in use', async () => {
    expect(await health()).not.toContain(version);
    world().checkOutNext(version);
  });

  follow('docs/upgrading.md', pageOf('docs/upgrading.md'));

  it('ends with the new release in use', async () => expect(await health()).toContain(version));
});

describe('docs/restore.md', () => {
  const rehearsal = createRehearsal(world);
  let begun: Awaited<ReturnType<typeof rehearsal.begin>>;
  let open: Awaited<ReturnType<typeof rehearsal.leaveOpen>>;

  it('begins with an opt-out, a flow that was sent, and one that waits for its customer', async () => {
    begun = await rehearsal.begin();
  }, 60_000);

  describe('to a point in time', () => follow('docs/restore.md', swapping));

  it('keeps the opt-out, the answer and the waiting flow, and the table in a deployment without the param', async () => {
    await rehearsal.isObeyed();
    await rehearsal.isReplayed(begun.sent);
    await rehearsal.isReleased(begun.parked);
    await rehearsal.leavesNoTable();
  }, 60_000);

  it('goes on with a send of each kind under way, and campaigns that run, wait and pause', async () => {
    open = await rehearsal.leaveOpen();
    await rehearsal.stop(stopping.split('\n').filter((line) => line !== ''));
    await rehearsal.isUnderWay(open);
  }, 120_000);

  describe('over what a removed stack left', () => follow('docs/restore.md', adopting));

  it('obeys the opt-out, replays the answer and releases the flow when its customer writes', async () => {
    await rehearsal.isObeyed();
    await rehearsal.isReplayed(begun.sent);
    await rehearsal.isReleased(open.parked);
  }, 60_000);

  it('sends what was queued and what was unknown once, and campaigns go on to their exact end', async () => {
    await rehearsal.passTime(open);
    await rehearsal.resume(open.paused);
    await rehearsal.isSentOnce(open.queued);
    await rehearsal.isSentOnce(open.unknown);
    for (const one of [open.running, open.paused, open.scheduled]) await rehearsal.isComplete(one);
  }, 240_000);
});

describe('prod', () => {
  it('has a table that refuses to be deleted', async () => {
    const { run, variables } = world();
    const output = await run(`aws dynamodb delete-table --table-name ${variables['TABLE']} || true`);
    expect(output).toMatch(/deletion protection/i);
  });

  it('needed no right that docs/deploy.md does not list, and none of its roles was too narrow', async () => {
    // `serverless remove` asks for image repositories, which nothing here has, and goes on without an answer.
    const refused = (await world().emulator.refusals()).filter((one) => !one.includes(' ecr:'));
    expect(refused).toEqual([]);
  });
});

/**
 * On AWS, CloudFormation acts with the deployer's rights. The emulator's asks for none, so this checks at least that
 * no service is missing.
 */
describe('the policy of docs/deploy.md', () => {
  const [block] = blocksOf(pageOf('docs/deploy.md')).filter(({ language }) => language === 'json');
  type Statement = { Action: string | string[]; Resource: string | string[] };
  const { Statement } = JSON.parse(block?.lines.join('') ?? '{}') as { Statement: Statement[] };

  it('has rights for each service of the template', () => {
    const path = join(world().cwd, '.serverless/cloudformation-template-update-stack.json');
    const { Resources } = JSON.parse(readFileSync(path, 'utf8')) as Template;
    const services = Object.values(Resources).map(({ Type }) => (Type.split('::')[1] ?? '').toLowerCase());
    // HTTP APIs are version two of the service. Their permissions carry the name of version one.
    const prefixes = new Set(services.map((service) => service.replace(/^apigatewayv2$/, 'apigateway')));
    const actions = Statement.flatMap(({ Action }) => Action);
    const missing = [...prefixes].filter((prefix) => !actions.some((one) => one.startsWith(`${prefix}:`)));
    expect(prefixes.size).toBeGreaterThan(8);
    expect(missing).toEqual([]);
  });

  it('grants whole services only for resources named after the service', () => {
    const wide = Statement.filter(({ Action }) => [Action].flat().some((action) => action.endsWith(':*')));
    const resources = wide.flatMap(({ Resource }) => Resource);
    expect(resources.length).toBeGreaterThan(8);
    expect(resources.filter((arn) => !/lipaflow-|:apigateway:/.test(arn))).toEqual([]);
  });
});

describe('taking it down', () => {
  describe('docs/deploy.md, up to the removal', () => follow('docs/deploy.md', takingDown));

  const keyId = () => world().variables['KEY']?.split('/').at(-1);

  it('leaves the table, its key, the bucket and the secrets, and nothing else', async () => {
    const { variables } = world();
    const left = await holdings();
    expect(Object.keys(left).sort()).toEqual(STAYING);
    expect(left).toMatchObject({
      tables: [variables['TABLE']],
      buckets: [variables['BUCKET']],
      keys: [keyId()],
      parameters: ['erasure/key', 'lipachat/api-key', 'webhook/secret'].map(
        (name) => `/lipaflow/prod/${name}`,
      ),
    });
  });

  it('keeps the sent messages in the table', async () => {
    const { run, variables } = world();
    const key = `'{"pk":{"S":"message#6f1c2a44-9d0e-4b7c-8a55-3b1f0c9d7e21"}}'`;
    const item = await run(`aws dynamodb get-item --table-name ${variables['TABLE']} --key ${key}`);
    expect(item).toContain('"sent"');
  });

  describe('docs/deploy.md, to the end', () => follow('docs/deploy.md', ridding));

  it('leaves the key that waits for its deletion, and nothing else', async () => {
    expect(await holdings()).toEqual({ keys: [keyId()] });
  });
});
