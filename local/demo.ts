/**
 * `npm run demo`: one flow's way, step by step, on the local system; `npm run demo -- campaign`: a campaign of 500
 * recipients. Exit code 0 only if every step held.
 */
import { build } from '../scripts/build.ts';
import { tellOfCampaign } from './demo-campaign.ts';
import { tellOfFlow } from './demo-flow.ts';
import { type System, startSystem } from './system.ts';

const RECIPIENTS = 500;

/** What the words after the command ask for. Throws where they ask for nothing that there is. */
const storyOf = ([name = 'flow', count = String(RECIPIENTS)]: string[]): ((
  system: System,
) => Promise<void>) => {
  if (name === 'flow') return tellOfFlow;
  const recipients = Number(count);
  if (name === 'campaign' && Number.isInteger(recipients) && recipients >= 20 && recipients <= 20_000)
    return (system) => tellOfCampaign(system, recipients);
  throw new Error('the demo is one of: npm run demo, npm run demo -- campaign [recipients, 20 to 20000]');
};

try {
  const tell = storyOf(process.argv.slice(2));
  await build();
  console.log(
    'LipaFlow on this machine: the built functions, an embedded DynamoDB and a LipaChat simulator.',
  );
  // Logs and metrics would stand between the steps; failures still show.
  const quiet = { LOG_LEVEL: 'ERROR', POWERTOOLS_METRICS_DISABLED: 'true' };
  await tell(await startSystem({ PORT: '0', ...quiet }));
  console.log('\nAll steps held. `npm start` keeps the same system running, to try it by hand.');
  process.exit(0);
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
