/** `npm run bench [-- rows …]`: prints figures, judges nothing. */
import { build } from '../scripts/build.ts';
import { benchCampaign } from './campaign.ts';

const asked = process.argv.slice(2).map(Number);
const sizes = asked.length > 0 ? asked : [10_000, 100_000, 1_000_000];

await build();
console.log('campaign planned from S3 and enqueued (embedded DynamoDB and S3, stubbed queue)\n');
console.log('| rows | planned, s | planner peak, MB | enqueued, s | tick peak, MB |');
console.log('| ---: | ---: | ---: | ---: | ---: |');
for (const rows of sizes) {
  const f = await benchCampaign(rows);
  const cells = [f.rows, f.planSeconds, f.planPeakMb, f.enqueueSeconds, f.enqueuePeakMb];
  console.log(`| ${cells.join(' | ')} |`);
}
