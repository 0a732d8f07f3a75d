/** Reads a secret: from the keyboard without showing it, or from what is piped in. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type Io, OpsError } from './report.ts';

const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });

const fromKeyboard = async (question: string, { stdin, stderr }: Io): Promise<string> => {
  stderr.write(question);
  const keys = createInterface({ input: stdin, output: nowhere(), terminal: true });
  try {
    // Ctrl-C and Ctrl-D close it, and then no answer ever comes.
    const given = new Promise<never>((_resolve, reject) => {
      keys.once('close', () => reject(new OpsError('nothing was entered, and nothing was changed')));
    });
    keys.once('SIGINT', () => keys.close());
    return await Promise.race([keys.question(''), given]);
  } finally {
    keys.close();
    stderr.write('\n');
  }
};

/** Without the blanks around it; empty if there was nothing. */
export const askSecretly = async (question: string, io: Io): Promise<string> => {
  const answer = io.stdin.isTTY ? await fromKeyboard(question, io) : await text(io.stdin);
  return answer.trim();
};
