/**
 * `npm run check:facts`: says whether the facts about WhatsApp's codes are due to be compared with their sources. With
 * `--strict`, as for a release, it fails when they are.
 */
import { FACT_SOURCES, FACTS_CHECKED_ON } from '../src/lib/whatsapp/error-code-texts.ts';

/** WhatsApp adds or changes codes a few times a year. */
export const OLDEST_DAYS = 120;
const DAY_MS = 86_400_000;

export interface FactsReport {
  readonly isDue: boolean;
  readonly text: string;
}

export function factsReport(checkedOn: string, now: Date): FactsReport {
  const days = Math.floor((now.getTime() - Date.parse(checkedOn)) / DAY_MS);
  const isDue = !(days <= OLDEST_DAYS);
  const age = `WhatsApp's error codes were checked on ${checkedOn}, ${days} days ago`;
  const sources = Object.values(FACT_SOURCES).map((source) => `\n- ${source}`);
  const how = `Compare error-codes.ts and error-code-texts.ts in src/lib/whatsapp/ with their sources, and set FACTS_CHECKED_ON:${sources.join('')}`;
  return { isDue, text: isDue ? `${age}: more than ${OLDEST_DAYS}. ${how}` : `${age}.` };
}

if (import.meta.main) {
  const { isDue, text } = factsReport(FACTS_CHECKED_ON, new Date());
  console.log(text);
  if (isDue && process.argv.includes('--strict')) process.exitCode = 1;
}
