/** Requests of an .http file, as an editor's HTTP client sends them. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

type FileRequest = { title: string; name: string | undefined; text: string };
export type FileAnswer = { title: string; status: number; text: string };

const VARIABLE = /^@(\w+) *= *(.*)$/gm;

/** Variables of the file, with `own` before them; and its requests in their order. */
const readHttpFile = (path: string, own: Record<string, string>) => {
  const [head = '', ...parts] = readFileSync(path, 'utf8').split(/^###/m);
  const given = [...head.matchAll(VARIABLE)].map(
    ([, name = '', value = '']) => [name, value.trim()] as const,
  );
  const requests = parts.map((part): FileRequest => {
    const [title = '', ...lines] = part.split('\n');
    const name = lines.map((line) => /^# @name (\w+)/.exec(line)?.[1]).find((found) => found !== undefined);
    const text = lines.filter((line) => !line.startsWith('#')).join('\n');
    return { title: title.trim(), name, text: text.trim() };
  });
  return { variables: { ...Object.fromEntries(given), ...own }, requests };
};

const bodyOf = (text: string, folder: string): string | undefined => {
  const [, file] = /^< (\S+)$/.exec(text.trim()) ?? [];
  if (file !== undefined) return readFileSync(join(folder, file), 'utf8');
  return text.trim() === '' ? undefined : text;
};

/**
 * Sends all of them, one after the other. `{{name}}` of a variable is replaced, and `{{one.response.body.field}}`
 * by what the request of that name was answered; other braces stay, as they do in an editor.
 */
export const sendAll = async (path: string, own: Record<string, string>): Promise<FileAnswer[]> => {
  const { variables, requests } = readHttpFile(path, own);
  const known: Record<string, string> = { ...variables };
  const filled = (text: string) =>
    text.replace(/\{\{([\w.]+)\}\}/g, (whole, name: string) => known[name] ?? whole);
  const answers: FileAnswer[] = [];
  for (const { title, name, text } of requests) {
    const [head = '', ...rest] = filled(text).split('\n\n');
    const [line = '', ...headers] = head.split('\n');
    const [method = '', url = ''] = line.split(' ');
    const body = bodyOf(rest.join('\n\n'), dirname(path));
    const response = await fetch(url, {
      method,
      headers: headers.map((one) => one.split(/: */, 2) as [string, string]),
      ...(body === undefined ? {} : { body }),
    });
    const answer = await response.text();
    if (name !== undefined) {
      const fields = Object.entries(JSON.parse(answer) as Record<string, unknown>);
      for (const [field, value] of fields) known[`${name}.response.body.${field}`] = String(value);
    }
    answers.push({ title, status: response.status, text: answer });
  }
  return answers;
};
