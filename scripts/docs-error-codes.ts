/** `npm run docs:error-codes`: writes docs/error-codes.md from the facts about WhatsApp's codes. A test compares them. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  ERROR_CLASS_TEXTS,
  ERROR_CODE_TEXTS,
  FACT_SOURCES,
  FACTS_CHECKED_ON,
} from '../src/lib/whatsapp/error-code-texts.ts';
import {
  classOf,
  ERROR_CLASSES,
  type ErrorClass,
  type Listed,
  type Schedule,
  scheduleOf,
} from '../src/lib/whatsapp/error-codes.ts';

const PAGE = fileURLToPath(new URL('../docs/error-codes.md', import.meta.url));

/** The page as the facts have it. */
export function errorCodesPage(): string {
  return [
    '# WhatsApp’s error codes',
    '',
    '<!-- Written by `npm run docs:error-codes` from error-codes.ts and error-code-texts.ts in src/lib/whatsapp/. Change those. -->',
    '',
    `What LipaFlow does about each code, in LipaChat's response and in a status callback. Checked on ${FACTS_CHECKED_ON}.`,
    'A code that is not listed fails its message. `npm run check:facts` says when to compare the list with its sources:',
    '',
    ...Object.entries(FACT_SOURCES).map(([name, source]) => `- **${name}**: ${source}`),
    '',
    ...ERROR_CLASSES.flatMap(section),
  ].join('\n');
}

function section(name: ErrorClass): string[] {
  const { does, tell } = ERROR_CLASS_TEXTS[name];
  const schedule = scheduleOf(name);
  const rows = ERROR_CODE_TEXTS.filter(({ code }) => classOf(firstOf(code)) === name).map(
    ({ code, means, tell: more = '', source }) => `| ${codeOf(code)} | ${means} | ${more} | ${source} |`,
  );
  return [
    `## \`${name}\``,
    '',
    `- LipaFlow: ${does}.`,
    `- Schedule: ${schedule ? inWords(schedule) : 'never tried again by itself'}.`,
    `- You: ${tell}`,
    '',
    '| code | means | what to do | source |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ];
}

const firstOf = (code: Listed) => (typeof code === 'number' ? code : code.from);

const codeOf = (code: Listed) => (typeof code === 'number' ? String(code) : `${code.from}–${code.to}`);

function inWords({ firstSeconds, longestSeconds, maxTries }: Schedule): string {
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
