/** The command line: verbs, options, help, and exit codes. 0: fine. 1: a fault. 2: given in a wrong way. */
import { Command, CommanderError } from 'commander';
import { explain } from './explain.ts';
import { findPlace, type Place, type PlaceOptions } from './place.ts';
import { type Io, OpsError, type Report } from './report.ts';

type Common = PlaceOptions & { json?: boolean };
type Find = () => Promise<Place>;
/** Each verb is loaded when it is asked for: the AWS clients of the others take their time. */
type Verb<Options> = (find: Find, options: Options, io: Io) => Promise<Report>;

const EXAMPLES = `
Against the system of npm start: --stage local. Everywhere else AWS's own variables and profiles say which
account is meant: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL and their kin.
For machines: npm run -s ops -- <verb> --json
Exit codes: 0 fine, 1 a fault, 2 given in a wrong way.`;

const common = (command: Command): Command =>
  command
    .option('--stage <stage>', 'which deployment', 'dev')
    .option('--region <region>', 'where it was deployed to (default: AWS_REGION, else eu-west-1)')
    .option('--json', 'print JSON');

const withApiUrl = (command: Command): Command =>
  command.option('--api-url <url>', "the API's address, where it is not the stack's own");

const withNumbers = (command: Command): Command =>
  command.option('--show-numbers', 'print phone numbers in full');

const describeVerbs = (
  program: Command,
  run: <O extends Common>(verb: Verb<O>) => (options: O) => Promise<void>,
) => {
  common(withApiUrl(program.command('setup')))
    .description("store LipaChat's apiKey, make the webhook secret, print the webhook's URL")
    .option('--force', 'replace the webhook secret that is there: the old URL stops working')
    .addHelpText('after', '\nThe apiKey is asked for without echo, or read from what is piped in.')
    .action(
      run<Common & { force?: boolean }>(async (find, options, io) =>
        (await import('./setup.ts')).setup(await find(), options, io),
      ),
    );

  const client = program.command('client').description('who may call the API');
  common(client.command('create').argument('<name>'))
    .description('make a client; its token is shown once')
    .requiredOption('--scopes <scopes>', 'send, read, campaigns, admin, comma-separated')
    .option('--another-token', 'a second token for a client that is there, to replace its first')
    .action((name: string, options: Common & { scopes: string; anotherToken?: boolean }) =>
      run<typeof options>(async (find) =>
        (await import('./client.ts')).createClient(await find(), name, options),
      )(options),
    );
  common(client.command('list'))
    .description('all clients, without their tokens')
    .action(run(async (find) => (await import('./client.ts')).listClients(await find())));
  common(client.command('revoke').argument('<name>'))
    .description('end all tokens of a client')
    .option('--token <id>', 'this one only, by its id in the list')
    .action((name: string, options: Common & { token?: string }) =>
      run<typeof options>(async (find) =>
        (await import('./client.ts')).revokeClient(await find(), name, options),
      )(options),
    );

  const webhook = program.command('webhook').description("the webhook's secret");
  common(withApiUrl(webhook.command('rotate')))
    .description('make a new secret beside the old one, and print the new URL')
    .option('--finish', 'drop the old one, once LipaChat uses the new one')
    .action(
      run<Common & { finish?: boolean }>(async (find, options) =>
        (await import('./webhook.ts')).rotate(await find(), options),
      ),
    );

  const dlq = program.command('dlq').description('what was given up');
  common(dlq.command('list'))
    .description('the dead-letter queues, how much is in them and since when')
    .action(run(async (find) => (await import('./dlq.ts')).listDeadLetters(await find())));
  common(dlq.command('redrive').argument('<queue>'))
    .description('move what is in one back to the queue it came from')
    .action((queue: string, options: Common) =>
      run(async (find, _options, io) => (await import('./dlq.ts')).redrive(await find(), queue, io))(options),
    );

  common(withNumbers(program.command('message').argument('<id>')))
    .description("a message's story in plain words, and what comes next")
    .action((id: string, options: Common & { showNumbers?: boolean }) =>
      run<typeof options>(async (find) =>
        (await import('./message.ts')).showMessage(await find(), id, options),
      )(options),
    );
  common(withNumbers(program.command('session').argument('<from>').argument('<to>')))
    .description('may this customer be written to from this business number?')
    .action((from: string, to: string, options: Common & { showNumbers?: boolean }) =>
      run<typeof options>(async (find) =>
        (await import('./session.ts')).showSession(await find(), { ...options, from, to }),
      )(options),
    );

  common(program.command('doctor'))
    .description('look for everything that can be wrong, and say what to do')
    .action(run(async (find) => (await import('./doctor.ts')).doctor(find)));
};

/** Runs one command line and gives its exit code. Never rejects. */
export const run = async (argv: string[], io: Io): Promise<number> => {
  let exitCode = 0;
  const program = new Command('npm run ops --')
    .description("LipaFlow's operator: secrets, clients, queues, messages, and what is wrong.")
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
    });

  describeVerbs(program, (verb) => async (options) => {
    const report = await verb(() => findPlace(options, io.env), options, io);
    const text = options.json ? JSON.stringify(report.data, undefined, 2) : report.lines.join('\n');
    io.stdout.write(`${text}\n`);
    exitCode = report.faulty ? 1 : 0;
  });

  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    io.stderr.write(`${explain(error)}\n`);
    return error instanceof OpsError ? error.exitCode : 1;
  }
};
