/** Every command of docs/operations.md works, in the order of the page, with `local` for the stage. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRawCallbackStore } from '../../src/lib/callbacks/dynamo-raw-callbacks.ts';
import { makeMessageStore } from '../../src/lib/messages/dynamo-messages.ts';
import { systemClock, systemRandom } from '../../src/lib/platform/clock.ts';
import { makeTable } from '../../src/lib/platform/dynamo-table.ts';
import { idOf, later, sampleMessage } from '../support/fakes/samples.ts';
import { opsHere } from '../support/ops.ts';
import { type OpsWorld, startOpsWorld } from '../support/ops-world.ts';
import { commandsOf, ROOT } from '../support/readme.ts';

const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
const lines = commandsOf(page).map(({ text }) => text);
const COMMAND = /^npm run (?:-s )?ops -- (.* --stage) prod$/;

let world: OpsWorld;
/** Of the client whose numbers the page names. */
let token = '';

beforeAll(async () => {
  world = await startOpsWorld();
  const { dynamo: client, names } = world;
  const table = makeTable({ client, tableName: names.TABLE_NAME, clock: systemClock, random: systemRandom });
  const expiresAt = later(3_600, new Date());
  const messageId = idOf('6f1c2a44-9d0e-4b7c-8a55-3b1f0c9d7e21');
  const sent = sampleMessage({ messageId, status: 'sent', lease: undefined, dueAt: undefined, expiresAt });
  await makeMessageStore(table).create(sent);
  await makeRawCallbackStore(table).keepRaw('{"odd":1}', new Date(), { why: 'unrecognised' });
});
afterAll(() => world.close());

/** What has to be there before a command makes sense. */
const prepare = async (args: string): Promise<void> => {
  if (!args.startsWith('dlq list')) return;
  const QueueUrl = world.queueUrl('DeliveryDeadLetterQueue');
  await world.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{}' }));
};

const PROMISES: [command: RegExp, says: RegExp][] = [
  [/^setup/, /^apiKey +stored/],
  [/^client create/, /^ {2}[0-9a-f]{64}$/m],
  [/^client rotate/, /^ {2}[0-9a-f]{64}$/m],
  [/^client check/, /^The token is good\.$/m],
  [/^client list/, /^crm +[0-9a-f]{8} /m],
  [/^client revoke/, /^1 token of till revoked\.$/m],
  [/^webhook rotate --stage/, /\/v1\/webhooks\/lipachat\/[0-9a-f]{64}$/m],
  [/^webhook rotate --finish/, /^The old secret is dropped/],
  [/^dlq list/, /^DeliveryDeadLetterQueue +1 /m],
  [/^dlq redrive/, /^1 message moved/],
  [/^callbacks list/, /^7b4ab9ef7ab1 +\d+ s ago +unrecognised +9 bytes +can be replayed$/m],
  [/^callbacks show/, /^why +unrecognised$/m],
  [/^callbacks replay/, /^1 callback put into the queue again\./],
  [/^message/, /^status +sent/m],
  [/^session/, /^window +closed/m],
  [/^table count/, /^clients +[1-9]/m],
  [/^doctor --stage/, /, 0 faults$/m],
  [/^doctor --json/, /"faults": 0/],
];

describe('the commands of docs/operations.md', () => {
  it.each(lines)('%s', async (line) => {
    const [, args = ''] = COMMAND.exec(line) ?? [];
    const [, says] = PROMISES.find(([command]) => command.test(args)) ?? [];
    if (!says) expect.fail(`no test knows this command: ${line}`);
    await prepare(args);
    const { exitCode, stdout, stderr } = await opsHere([...args.split(' '), 'local'], {
      env: world.env,
      input: args.startsWith('client check') ? token : 'a-k3y-of-lipachat',
    });
    if (args.startsWith('client create pos')) token = /^ {2}([0-9a-f]{64})$/m.exec(stdout)?.[1] ?? '';
    expect(stdout + stderr).toMatch(says);
    expect(exitCode).toBe(0);
  });

  it('are all that this test expects, and so every verb is among them', () => {
    const said = lines.map((line) => COMMAND.exec(line)?.[1] ?? '');
    expect(PROMISES.filter(([command]) => !said.some((args) => command.test(args)))).toEqual([]);
  });
});
