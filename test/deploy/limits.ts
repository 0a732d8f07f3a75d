/** What ministack 1.5.33 cannot show, and what shows it instead. Printed at the end of each run. */
const LIMITS: readonly { what: string; instead: string }[] = [
  {
    what: 'Its CloudFormation drops the table’s TTL, point-in-time recovery and encryption.',
    instead: 'asserted in the packaged template; test/contract judges items past their time.',
  },
  {
    what: 'A restore to a point in time copies the table as it is now, without its key; a deleted table leaves no backup.',
    instead:
      'test/e2e/ops-table-copy.test.ts has a table that knows more than the restored one; the key is set by the test.',
  },
  {
    what: 'It keeps a stream’s bisecting, repeats and failure destination, and does not act on them.',
    instead: 'asserted in the packaged template; acted on in test/integration/local-streams.test.ts.',
  },
  {
    what: 'A dead letter takes five receives of 180 seconds each, for which no test waits.',
    instead: 'redrive policies are read back; acted on, to the end, in test/faults/dead-letters.test.ts.',
  },
  {
    what: 'Functions run under this machine’s Node 24, without Lambda’s memory, CPU share, freezing or arm64.',
    instead:
      '`npm run test:runtime` starts each package under Lambda’s runtime client and memory options; no bundle holds native code.',
  },
  {
    what: 'Its CloudFormation makes and deletes whatever a template says, whoever asks: rights count for direct calls only.',
    instead: 'the policy of docs/deploy.md is asserted to name each service of the template.',
  },
  {
    what: 'No mail is sent, no domain resolves; `aws` is version 1 of the command line, told where the emulator is.',
    instead: 'the subscription is taken; curl is told the way; both versions know the commands of the pages.',
  },
  {
    what: 'The HTTP API neither throttles nor writes access logs.',
    instead: 'asserted in the packaged template, by test/policy.',
  },
  {
    what: 'IAM is evaluated by ministack, not by AWS; alarms and dashboards are kept, and alarm nobody.',
    instead: 'cfn-lint knows AWS’s own schemas; test/policy knows each role, alarm and metric.',
  },
  {
    what: 'It knows no alarm of several metrics, and keeps the first of them.',
    instead: 'cfn-lint knows AWS’s own schemas; test/policy reads the alarm’s expression.',
  },
  {
    what: 'It has no CodeDeploy, and moves an alias at once. The launcher keeps CodeDeploy’s resources and acts on an alias’s weights.',
    instead:
      'the test makes CodeDeploy’s calls itself; test/policy judges the groups, their alarms and their role.',
  },
];

export const printLimits = (): void => {
  console.log('\nWhat the emulator cannot show, and what shows it instead:');
  for (const { what, instead } of LIMITS) console.log(` - ${what}\n   Instead: ${instead}`);
};
