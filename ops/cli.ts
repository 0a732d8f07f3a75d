/** The command line: help, output and exit codes. 0: ok. 1: failure. 2: wrong usage. */
import { Command, CommanderError } from 'commander';
import { explain } from './explain.ts';
import { findPlace } from './place.ts';
import { type Io, OpsError, printable, printableLines, type Report } from './report.ts';
import type { Act } from './verb.ts';
import { verbs } from './verbs.ts';

const HELP = `
Use --stage local for the system of npm start. For any other stage, AWS's own variables and profiles select
the account: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL and so on.
For scripts: npm run -s ops -- <verb> --json
Exit codes: 0 ok, 1 failure, 2 wrong usage.`;

/** Applies the settings to all subcommands: commander doesn't inherit them for commands built separately. */
const tame = (command: Command, { stdout, stderr }: Pick<Io, 'stdout' | 'stderr'>): void => {
  command.exitOverride().configureOutput({
    writeOut: (text) => void stdout.write(text),
    writeErr: (text) => void stderr.write(text),
  });
  for (const one of command.commands) tame(one, { stdout, stderr });
};

const programOf = (act: Act, io: Io): Command => {
  const program = new Command('npm run ops --')
    .description("LipaFlow's operator commands: secrets, clients, queues, messages, diagnosis.")
    .addHelpText('after', HELP);
  for (const verb of verbs(act)) program.addCommand(verb);
  tame(program, io);
  return program;
};

const exitCodeOf = (error: unknown, { stderr }: Io): number => {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  stderr.write(`${printableLines(explain(error))}\n`);
  return error instanceof OpsError ? error.exitCode : 1;
};

/** Runs one command line and returns its exit code. Never rejects. */
export const run = async (argv: string[], io: Io): Promise<number> => {
  let report: Report | undefined;
  const act: Act = (verb) => async (options) => {
    report = await verb(() => findPlace(options, io.env), options, io);
    const text = options.json
      ? printableLines(JSON.stringify(report.data, undefined, 2))
      : report.lines.map(printable).join('\n');
    io.stdout.write(`${text}\n`);
  };
  try {
    await programOf(act, io).parseAsync(argv, { from: 'user' });
    return report?.faulty ? 1 : 0;
  } catch (error) {
    return exitCodeOf(error, io);
  }
};
