/** What a Markdown file tells its reader to type, and how a test types it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export type Command = {
  /** The line as it is printed. */
  text: string;
  /** The assignments before it in its block: it may use their variables. */
  variables: string[];
};

type Options = { cwd?: string; env?: Record<string, string>; timeoutMs?: number };

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const FENCE = /^```(\w*)\n(.*?)^```$/gms;
const ASSIGNMENT = /^[A-Z_]+=\S*(\(.*\))?$/;

/** The fenced blocks and their languages, in order. */
export const blocksOf = (markdown: string): { language: string; lines: string[] }[] =>
  [...markdown.matchAll(FENCE)].map(([, language = '', body = '']) => ({
    language,
    lines: body.split('\n').filter((line) => line.trim() !== ''),
  }));

/** Every line of the ```sh blocks. */
export const commandsOf = (markdown: string): Command[] =>
  blocksOf(markdown)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ lines }) =>
      lines.map((text, index) => ({
        text,
        variables: lines.slice(0, index).filter((line) => ASSIGNMENT.test(line)),
      })),
    );

/** A newcomer's environment: nothing of the test's own, and no AWS account. */
export const newcomersEnvironment = (): Record<string, string> => {
  const { PATH = '', HOME, npm_config_cache: cache } = process.env;
  return { PATH, ...(HOME ? { HOME } : {}), ...(cache ? { npm_config_cache: cache } : {}) };
};

/** Runs a script by sh and gives what it printed. Rejects, with its output, when it fails or takes too long. */
export const shell = async (script: string, options: Options = {}): Promise<string> => {
  const { stdout } = await promisify(execFile)('sh', ['-e', '-c', script], {
    cwd: options.cwd ?? ROOT,
    env: { ...newcomersEnvironment(), ...options.env },
    timeout: options.timeoutMs ?? 60_000,
  });
  return stdout;
};
