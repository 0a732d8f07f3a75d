/** The operator's commands: as a process, as a shell runs them, or in this one where there are many. */
import { execFile } from 'node:child_process';
import { Readable, Writable } from 'node:stream';
import { run } from '../../ops/cli.ts';
import { COMPILED } from './children.ts';
import { ROOT } from './readme.ts';

export type OpsResult = {
  exitCode: number;
  stdout: string;
  stderr: string;
  /** Of a command with --json. */
  json: <Data>() => Data;
};

type OpsOptions = {
  env: Record<string, string>;
  /** What is piped in. */
  input?: string;
};

const resultOf = (exitCode: number, stdout: string, stderr: string): OpsResult => ({
  exitCode,
  stdout,
  stderr,
  json: <Data>() => JSON.parse(stdout) as Data,
});

/** With nothing of this process's own environment but PATH; see COMPILED. */
export const ops = (args: string[], { env, input = '' }: OpsOptions): Promise<OpsResult> =>
  new Promise((resolve) => {
    const { PATH = '' } = process.env;
    const options = {
      cwd: ROOT,
      env: { PATH, ...COMPILED, AWS_EC2_METADATA_DISABLED: 'true', ...env },
      timeout: 60_000,
    };
    const child = execFile(process.execPath, ['ops/main.ts', ...args], options, (error, stdout, stderr) => {
      // Ended by a signal, it has no code: no test expects that.
      const code = error ? error.code : 0;
      resolve(resultOf(typeof code === 'number' ? code : Number.NaN, stdout, stderr));
    });
    child.stdin?.end(input);
  });

const collector = () => {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  return { stream, text: () => text };
};

/** The same within this process: stage `local` takes nothing from process.env. */
export const opsHere = async (args: string[], { env, input = '' }: OpsOptions): Promise<OpsResult> => {
  const [stdout, stderr] = [collector(), collector()];
  const io = { stdin: Readable.from([input]), stdout: stdout.stream, stderr: stderr.stream, env };
  const exitCode = await run(args, io);
  return resultOf(exitCode, stdout.text(), stderr.text());
};
