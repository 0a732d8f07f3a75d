/** What ministack 1.5.33 cannot show, and what shows it instead. Printed at the end of each run. */
export const LIMITS: readonly { what: string; instead: string }[] = [
  {
    what: 'The table’s TTL, point-in-time recovery and encryption are dropped by its CloudFormation.',
    instead:
      'asserted in the packaged template; expiry itself by the contracts of the stores, which judge `expires`.',
  },
  {
    what: 'A mapping’s maximum concurrency and a stream’s bisecting are kept, and not acted on.',
    instead: 'asserted in the packaged template; halved batches by test/faults/event-stream.test.ts.',
  },
  {
    what: 'Dead letters take five receives of 180 seconds each, which no test waits for.',
    instead:
      'the queues’ redrive policy is read back; the way there by test/integration/local-queues.test.ts.',
  },
  {
    what: 'Functions run under this machine’s Node 24, without Lambda’s memory limit, CPU share, freezing or arm64.',
    instead: 'heap limits by `npm run bench`; no bundle holds native code.',
  },
  {
    what: 'The HTTP API has no 30-second limit, no throttling and no access logs.',
    instead:
      'the 30 seconds by test/integration/local-gateway.test.ts; the rest asserted in the packaged template.',
  },
  {
    what: 'IAM is evaluated by ministack and not by AWS; alarms and dashboards are stored, and nobody is alarmed.',
    instead: 'cfn-lint knows AWS’s own schemas of both; the assertions on the template know each role.',
  },
];

export const printLimits = (): void => {
  console.log('\nWhat the emulator cannot show, and what shows it instead:');
  for (const { what, instead } of LIMITS) console.log(` - ${what}\n   Instead: ${instead}`);
};
