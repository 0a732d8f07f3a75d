/** `npm run docs:error-codes`: writes docs/error-codes.md from the facts about WhatsApp's codes. A test compares them. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  ERROR_CLASS_FACTS,
  ERROR_CODE_FACTS,
  type ErrorClass,
  FACT_SOURCES,
  FACTS_CHECKED_ON,
  type Schedule,
} from '../src/lib/whatsapp/error-code-facts.ts';

const PAGE = fileURLToPath(new URL('../docs/error-codes.md', import.meta.url));

/** The page as the facts have it. */
export function errorCodesPage(): string {
  const classes = Object.keys(ERROR_CLASS_FACTS) as ErrorClass[];
  return [
    '# WhatsApp’s error codes',
    '',
    '<!-- Written by `npm run docs:error-codes` from src/lib/whatsapp/error-code-facts.ts. Change that file. -->',
    '',
    `What LipaFlow does about each code, in LipaChat's response and in a status callback. Checked on ${FACTS_CHECKED_ON}.`,
    'A code that is not listed fails its message. `npm run check:facts` says when to compare the list with its sources:',
    '',
    ...Object.entries(FACT_SOURCES).map(([name, source]) => `- **${name}**: ${source}`),
    '',
    ...classes.flatMap(section),
  ].join('\n');
}

function section(name: ErrorClass): string[] {
  const { does, tell, schedule } = ERROR_CLASS_FACTS[name];
  const rows = ERROR_CODE_FACTS.filter((fact) => fact.class === name).map(
    (fact) => `| ${codeOf(fact.code)} | ${fact.means} | ${fact.tell ?? ''} | ${fact.source} |`,
  );
  return [
    `## \`${name}\``,
    '',
    `- LipaFlow: ${does}.`,
    `- Schedule: ${schedule ? scheduleOf(schedule) : 'never tried again by itself'}.`,
    `- You: ${tell}`,
    '',
    '| code | means | what to do | source |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ];
}

const codeOf = (code: number | { readonly from: number; readonly to: number }) =>
  typeof code === 'number' ? String(code) : `${code.from}–${code.to}`;

function scheduleOf({ firstSeconds, longestSeconds, maxTries }: Schedule): string {
  const tries = maxTries === 1 ? 'once' : `at most ${maxTries} times`;
  return firstSeconds === longestSeconds
    ? `${tries}, after ${timeOf(firstSeconds)} each`
    : `${tries}, after ${timeOf(firstSeconds)} at first and ${timeOf(longestSeconds)} at most`;
}

function timeOf(seconds: number): string {
  const [count, unit] =
    seconds % 3_600 === 0
      ? [seconds / 3_600, 'hour']
      : seconds % 60 === 0
        ? [seconds / 60, 'minute']
        : [seconds, 'second'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

if (import.meta.main) await writeFile(PAGE, errorCodesPage());
