import { describe, expect, it } from 'vitest';
import { shell } from '../support/readme.ts';

/** When the output is not a terminal: whole lines, none of them rewritten. */
describe('npm run demo -- campaign', () => {
  it.concurrent('plans and sends a campaign, prints line by line, and exits with 0 when every step succeeded', async () => {
    const output = await shell('npm run -s demo -- campaign 60');
    expect(output).not.toContain('\r');
    expect(output).toMatch(/^ +invalid +3$/m);
    expect(output).toMatch(/^ +line 62: invalid, column to is not a valid phone number$/m);
    const counts = [...output.matchAll(/ (\d+)\/60 {2}sent /g)].map(([, count]) => Number(count));
    expect(counts.length).toBeGreaterThanOrEqual(3);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(counts.at(-1)).toBe(60);
    expect(output).toContain('campaign.planned → campaign.started → campaign.completed');
    expect(output).toContain('All steps passed.');
  }, 60_000);

  it.concurrent('exits with 1 when a step fails: here the word STOP is not recognized', async () => {
    const failed = shell('npm run -s demo -- campaign 20', { env: { OPT_OUT_WORDS: 'basta' } });
    await expect(failed).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining('✗ the figures are exact'),
      stderr: expect.stringContaining('this step failed: the figures are exact'),
    });
  }, 60_000);

  it.concurrent('exits with 1 and lists its commands when the argument is unknown', async () => {
    await expect(shell('npm run -s demo -- campaign many')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('npm run demo -- campaign [recipients'),
    });
  }, 60_000);
});
