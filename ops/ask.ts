/** Reads a secret from the keyboard without echo, or from a pipe. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type Io, OpsError } from './report.ts';

const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });

const fromKeyboard = async (question: string, { stdin, stderr }: Io): Promise<string> => {
  stderr.write(question);
  const keys = createInterface({ input: stdin, output: nowhere(), terminal: true });
  try {
    // After Ctrl-C or Ctrl-D, `question` never settles.
    const given = new Promise<never>((_resolve, reject) => {
      keys.once('close', () => reject(new OpsError('nothing entered; nothing changed')));
    });
    keys.once('SIGINT', () => keys.close());
    return await Promise.race([keys.question(''), given]);
  } finally {
    keys.close();
    stderr.write('\n');
  }
};

/** The secret, trimmed; empty if nothing was entered. */
export const askSecretly = async (question: string, io: Io): Promise<string> => {
  const answer = io.stdin.isTTY ? await fromKeyboard(question, io) : await text(io.stdin);
  return answer.trim();
};
