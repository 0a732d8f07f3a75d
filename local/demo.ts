/**
 * `npm run demo`: sends one flow, step by step, on the local system. `npm run demo -- campaign`: runs a campaign of 500
 * recipients. Exit code 0 only if every check passed.
 */
import { build } from '../scripts/build.ts';
import { demoCampaign } from './demo-campaign.ts';
import { demoFlow } from './demo-flow.ts';
import { type System, startSystem } from './system.ts';

const RECIPIENTS = 500;

/** The demo for the command's arguments. Throws if there is no such demo. */
const demoFor = ([name = 'flow', count = String(RECIPIENTS)]: string[]): ((
  system: System,
) => Promise<void>) => {
  if (name === 'flow') return demoFlow;
  const recipients = Number(count);
  if (name === 'campaign' && Number.isInteger(recipients) && recipients >= 20 && recipients <= 20_000)
    return (system) => demoCampaign(system, recipients);
  throw new Error('usage: npm run demo, or npm run demo -- campaign [recipients, 20 to 20000]');
};

try {
  const run = demoFor(process.argv.slice(2));
  await build();
  console.log(
    'LipaFlow on this machine: the built functions, an embedded DynamoDB and a LipaChat simulator.',
  );
  // Logs and metrics would clutter the output. Errors still show.
  const quiet = { LOG_LEVEL: 'ERROR', POWERTOOLS_METRICS_DISABLED: 'true' };
  await run(await startSystem({ PORT: '0', ...quiet }));
  console.log('\nAll steps passed. `npm start` keeps the same system running, so you can try it by hand.');
  process.exit(0);
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
