/** `npm run check:secrets`: looks for keys and tokens in all files that git tracks. Prints where, and never what. */
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { lintSource } from '@secretlint/core';
import { creator } from '@secretlint/secretlint-rule-preset-recommend';

type Source = { path: string; text: string };

const config = { rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: creator }] };

/** `path:line: rule` of each finding. */
export const secretsIn = async ({ path, text }: Source): Promise<string[]> => {
  const source = { filePath: path, content: text, ext: '', contentType: 'text' } as const;
  const { messages } = await lintSource({ source, options: { config, noPhysicFilePath: true } });
  return messages.map(({ loc, ruleId, messageId }) => `${path}:${loc.start.line}: ${ruleId} ${messageId}`);
};

/** Undefined for a file that is no text, or that is deleted and not yet committed. Any other fault is a fault of the check. */
const textOf = async (path: string): Promise<string | undefined> => {
  const bytes = await readFile(path).catch((fault: NodeJS.ErrnoException) => {
    if (fault.code === 'ENOENT' || fault.code === 'EISDIR') return Buffer.of(0);
    throw fault;
  });
  return bytes.includes(0) ? undefined : bytes.toString('utf8');
};

if (import.meta.main) {
  const paths = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' }).split('\0').filter(Boolean);
  for (const path of paths) {
    const text = await textOf(path);
    for (const finding of text === undefined ? [] : await secretsIn({ path, text })) {
      console.error(finding);
      process.exitCode = 1;
    }
  }
}
