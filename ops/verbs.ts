/** The verbs, their arguments and options. Each verb's module is loaded on use: loading all AWS clients takes time. */
import type { Command } from 'commander';
import { client } from './clients/verbs.ts';
import { tablePlace } from './place.ts';
import { type Act, type Common, group, NUMBERS, type Shown, verb } from './verb.ts';

const API_URL = ['--api-url <url>', "the API's URL, if it is not the stack's own"] as const;

type Setup = Shown & { force?: boolean; number?: string };

const setup = (act: Act): Command =>
  verb('setup', "store LipaChat's apiKey, make the webhook secret, print the webhook's URL")
    .option(...API_URL)
    .option('--force', 'replace an existing webhook secret; the old URL stops working')
    .option(
      '--number <number>',
      "store the apiKey of this business number's own LipaChat account, and no more",
    )
    .option(...NUMBERS)
    .addHelpText('after', '\nThe apiKey is read without echo, or from a pipe.')
    .action(
      act<Setup>(async (find, options, io) =>
        options.number === undefined
          ? (await import('./setup/setup.ts')).setup(await find(), options, io)
          : (await import('./setup/setup-number.ts')).setupNumber(
              await find(),
              { ...options, number: options.number },
              io,
            ),
      ),
    );

const webhook = (act: Act): Command => {
  const rotate = verb('rotate', 'add a new secret beside the old one and print the new URL')
    .option(...API_URL)
    .option('--finish', 'drop the old secret, once LipaChat uses the new one')
    .action(
      act<Common & { finish?: boolean }>(async (find, options) =>
        (await import('./webhook.ts')).rotate(await find(), options),
      ),
    );
  return group('webhook', "manage the webhook's secret", [rotate]);
};

const dlq = (act: Act): Command => {
  const list = verb('list', 'list the dead-letter queues, with count and age').action(
    act(async (find) => (await import('./dlq.ts')).listDeadLetters(await find())),
  );
  const redrive = verb(
    'redrive <queue>',
    'move the messages of a dead-letter queue back to their source queue',
  ).action((queue: string, options: Common) =>
    act(async (find, _options, io) => (await import('./dlq.ts')).redrive(await find(), queue, io))(options),
  );
  return group('dlq', 'list and redrive dead letters', [list, redrive]);
};

const callbacks = (act: Act): Command => {
  const list = verb('list', 'list the callbacks that were kept raw: since when, why, and their size').action(
    act(async (find) => (await import('./callbacks/show.ts')).listCallbacks(await find())),
  );
  const show = verb('show <id>', 'print one of them')
    .option(...NUMBERS)
    .action((id: string, options: Shown) =>
      act<Shown>(async (find) =>
        (await import('./callbacks/show.ts')).showCallback(await find(), id, options),
      )(options),
    );
  const replay = verb('replay <id>', 'handle one again, or `all`, as of its first arrival').action(
    (id: string, options: Common) =>
      act(async (find) => (await import('./callbacks/replay.ts')).replayCallbacks(await find(), id))(options),
  );
  return group('callbacks', 'list and replay the callbacks that were kept raw', [list, show, replay]);
};

const message = (act: Act): Command =>
  verb('message <id>', "show a message's status, history and next step")
    .option(...NUMBERS)
    .option('--namespace <name>', "the id is a client's own in this namespace")
    .action((id: string, options: Shown & { namespace?: string }) =>
      act<Shown & { namespace?: string }>(async (find) =>
        (await import('./message.ts')).showMessage(await find(), id, options),
      )(options),
    );

const session = (act: Act): Command =>
  verb('session <from> <to>', 'show whether this business number may write to this customer now')
    .option(...NUMBERS)
    .action((from: string, to: string, options: Shown) =>
      act<Shown>(async (find) =>
        (await import('./session.ts')).showSession(await find(), { ...options, from, to }),
      )(options),
    );

const doctor = (act: Act): Command =>
  verb('doctor', 'check everything that can be wrong, and say what to do').action(
    act(async (find) => (await import('./doctor.ts')).doctor(find)),
  );

const table = (act: Act): Command => {
  type Count = Common & { table?: string; write?: string; compare?: string };
  const count = verb('count', 'count what the table holds, without any names')
    .option('--table <name>', "count this table, not the stack's own; no stack is needed")
    .option('--write <file>', 'store the counts in a file')
    .option('--compare <file>', 'compare with stored counts; exit code 1 if something is missing')
    .action(
      act<Count>(async (find, options, io) => {
        const place = options.table ? tablePlace(options, io.env, options.table) : await find();
        return (await import('./table/count.ts')).countItems(place, options, io);
      }),
    );
  type Copy = Common & { from: string; to: string; kinds: string };
  const copy = verb('copy', 'carry over what another table knows and this one does not; no stack is needed')
    .requiredOption('--from <table>', 'the table to read')
    .requiredOption('--to <table>', 'the table to write; nothing newer is overwritten')
    .requiredOption('--kinds <kinds>', 'opt-outs, clients, sends, comma-separated')
    .action(
      act<Copy>(async (_find, options, io) =>
        (await import('./table/copy.ts')).copyItems(tablePlace(options, io.env, options.to), options, io),
      ),
    );
  return group('table', 'check and repair the table', [count, copy]);
};

export const verbs = (act: Act): Command[] =>
  [setup, client, webhook, dlq, callbacks, message, session, table, doctor].map((make) => make(act));
