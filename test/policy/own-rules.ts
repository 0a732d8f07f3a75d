/** Our own rules for a packaged template. Each gives back what breaks it. */
import { calledIn, functionNames, idIn, type Json, ofType, type Packaged } from './packaged.ts';

type Statement = {
  Sid: string;
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Condition?: Json;
};

const listOf = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);
const statementsOf = (document: unknown): Statement[] => (document as { Statement: Statement[] }).Statement;

/** Roles with what they allow by themselves, and policies of the stack. */
const rolesOf = (packaged: Packaged) => [
  ...ofType(packaged, 'AWS::IAM::Role').map(([id, { Policies }]) => ({
    id,
    statements: (Policies as { PolicyDocument: unknown }[]).flatMap((p) => statementsOf(p.PolicyDocument)),
  })),
  ...ofType(packaged, 'AWS::IAM::Policy').map(([id, { PolicyDocument }]) => ({
    id,
    statements: statementsOf(PolicyDocument),
  })),
];

const allowed = (packaged: Packaged) =>
  rolesOf(packaged).flatMap(({ id, statements }) => statements.map((statement) => ({ id, ...statement })));

/** X-Ray alone knows no resources. */
const WITHOUT_RESOURCE = ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'];

export const wildcardActions = (packaged: Packaged) =>
  allowed(packaged).flatMap(({ id, Action }) =>
    listOf(Action)
      .filter((action) => action.includes('*'))
      .map((action) => `${id}: ${action}`),
  );

export const wildcardResources = (packaged: Packaged) =>
  allowed(packaged)
    .filter(({ Resource }) => listOf(Resource).includes('*'))
    .flatMap(({ id, Action }) =>
      listOf(Action)
        .filter((action) => !WITHOUT_RESOURCE.includes(action))
        .map((action) => `${id}: ${action}`),
    );

/** Whole indexes of the table, where a function queries one or two. */
export const wildcardIndexes = (packaged: Packaged) =>
  allowed(packaged)
    .filter(({ Resource }) => JSON.stringify(Resource).includes('/index/*'))
    .map(({ id, Sid }) => `${id}: ${Sid}`);

export const sharedRoles = (packaged: Packaged) =>
  ofType(packaged, 'AWS::Lambda::Function')
    .filter(([id, { Role }]) => idIn(Role) !== id.replace(/LambdaFunction$/, 'Role'))
    .map(([id]) => id);

/** Functions that X-Ray traces. Each traced request costs money. */
export const traced = (packaged: Packaged) =>
  ofType(packaged, 'AWS::Lambda::Function')
    .filter(([, { TracingConfig }]) => (TracingConfig as Json | undefined)?.['Mode'] === 'Active')
    .map(([id]) => id);

/** Roles that may write traces. */
export const tracers = (packaged: Packaged) => {
  const may = new Set(
    allowed(packaged)
      .filter(({ Action }) => listOf(Action).some((action) => action.startsWith('xray:')))
      .map(({ id }) => id),
  );
  const attached = ofType(packaged, 'AWS::IAM::Policy').filter(([id]) => may.has(id));
  return [
    ...ofType(packaged, 'AWS::IAM::Role').flatMap(([id]) => (may.has(id) ? [id] : [])),
    ...attached.flatMap(([, { Roles }]) => listOf(Roles).map(idIn)),
  ];
};

export const endlessLogs = (packaged: Packaged) => {
  const groups = ofType(packaged, 'AWS::Logs::LogGroup');
  const wanted = [...functionNames(packaged).map((name) => `${name}LogGroup`), 'HttpApiLogGroup'];
  const missing = wanted.filter((id) => !groups.some(([group]) => group === id));
  const endless = groups.filter(([, { RetentionInDays }]) => !RetentionInDays).map(([id]) => id);
  return [...missing, ...endless];
};

const DAYS_14 = 1_209_600;
/** Where what fails is given up. */
export const isLast = (id: string): boolean => /DeadLetterQueue|FailureQueue$/.test(id);

export const looseQueues = (packaged: Packaged) => {
  const policies = ofType(packaged, 'AWS::SQS::QueuePolicy');
  const tlsOnly = (id: string) =>
    policies.some(
      ([, { Queues, PolicyDocument }]) =>
        listOf(Queues).some((queue) => idIn(queue) === id) &&
        statementsOf(PolicyDocument).some(
          ({ Effect, Condition }) =>
            Effect === 'Deny' && JSON.stringify(Condition) === '{"Bool":{"aws:SecureTransport":"false"}}',
        ),
    );
  return ofType(packaged, 'AWS::SQS::Queue').flatMap(([id, properties]) => [
    ...(tlsOnly(id) ? [] : [`${id}: takes more than TLS`]),
    ...(properties['SqsManagedSseEnabled'] === true ? [] : [`${id}: is not encrypted`]),
    ...(properties['MessageRetentionPeriod'] === DAYS_14 ? [] : [`${id}: keeps for less than 14 days`]),
    ...(isLast(id) || properties['RedrivePolicy'] ? [] : [`${id}: has no dead letters`]),
  ]);
};

export const wholeBatches = (packaged: Packaged) =>
  ofType(packaged, 'AWS::Lambda::EventSourceMapping')
    .filter(
      ([, properties]) => !listOf(properties['FunctionResponseTypes']).includes('ReportBatchItemFailures'),
    )
    .map(([id]) => id);

/** What a rule or an event could not deliver has to be somewhere. */
export const lostTicks = (packaged: Packaged) =>
  ofType(packaged, 'AWS::Events::Rule')
    .filter(
      ([, { Targets }]) => !listOf(Targets as Json[]).every((t) => t['RetryPolicy'] && t['DeadLetterConfig']),
    )
    .map(([id]) => id);

/** Lambda's bootstrap sets V8's heap limits on the command line, which beats `NODE_OPTIONS`. */
export const deadHeapLimits = (packaged: Packaged) =>
  ofType(packaged, 'AWS::Lambda::Function')
    .filter(([, { Environment }]) => /max-(old|semi)-space-size/.test(JSON.stringify(Environment ?? {})))
    .map(([id]) => id);

/** Functions that feed the queue which feeds them: Lambda stops a chain of those, unless it is told that it is meant. */
export const cutLoops = (packaged: Packaged) => {
  const mayFill = (id: string, queue: string) =>
    allowed(packaged).some(
      (one) =>
        one.id === id.replace(/LambdaFunction$/, 'Role') &&
        listOf(one.Action).includes('sqs:SendMessage') &&
        listOf(one.Resource).some((resource) => idIn(resource) === queue),
    );
  const fed = ofType(packaged, 'AWS::Lambda::EventSourceMapping').map(
    ([, { FunctionName, EventSourceArn }]) =>
      [calledIn(packaged, FunctionName), idIn(EventSourceArn)] as const,
  );
  return ofType(packaged, 'AWS::Lambda::Function')
    .filter(([, { RecursiveLoop }]) => RecursiveLoop !== 'Allow')
    .flatMap(([id]) => fed.filter(([name, queue]) => name === id && mayFill(id, queue)))
    .map(([id, queue]) => `${id}: ${queue}`);
};
