/** A campaign's progress as one line: rewritten in place on a terminal, printed once a second elsewhere. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProgressView } from '../src/lib/campaigns/report.ts';

type Seen = { state: string; progress: ProgressView | null };

const BAR = 16;
const REWRITE = '\r\u001b[2K';
const TERMINAL_MS = 150;
const LOG_MS = 1_000;

const secondsLeft = (eta: string | null, now: Date): string =>
  eta === null ? '' : ` · ${Math.max(0, Math.round((Date.parse(eta) - now.getTime()) / 1000))} s left`;

const progressLine = ({ state, progress }: Seen, now: Date): string => {
  if (!progress) return state;
  const { total, pending, percent, sent, parked, failed, eta } = progress;
  const full = Math.round((percent / 100) * BAR);
  const bar = '█'.repeat(full) + '░'.repeat(BAR - full);
  const done = `${total - pending}/${total}`.padStart(`${total}/${total}`.length);
  const counts = [`sent ${sent}`, `parked ${parked}`, `opted out ${progress['opted-out']}`];
  if (failed > 0) counts.push(`failed ${failed}`);
  return `${bar} ${done}  ${counts.join(' · ')}${secondsLeft(eta, now)}`;
};

/** Shows the progress until `isOver`, or for at most `withinMs`. Returns the last state. */
export const showProgress = async <Campaign extends Seen>(options: {
  read: () => Promise<Campaign>;
  isOver: (campaign: Campaign) => boolean;
  withinMs: number;
}): Promise<Campaign> => {
  const { stdout } = process;
  const givenUpAt = Date.now() + options.withinMs;
  for (;;) {
    const campaign = await options.read();
    const line = `     ${progressLine(campaign, new Date())}`;
    const isLast = options.isOver(campaign) || Date.now() > givenUpAt;
    // A line longer than the terminal's width can't be rewritten.
    if (stdout.isTTY) stdout.write(`${REWRITE}${line.slice(0, stdout.columns - 1)}${isLast ? '\n' : ''}`);
    else stdout.write(`${line}\n`);
    if (isLast) return campaign;
    await sleep(stdout.isTTY ? TERMINAL_MS : LOG_MS);
  }
};
