/** Finds a stage's resources: through its stack on AWS, through serverless.yml and infra/ for stage `local`. */
import { queueUrl, readQueues } from '../local/aws/queues.ts';
import { readConfig } from '../src/lib/platform/config.ts';
import { type Connection, localConnection } from './connection.ts';
import { type Environment, misuse } from './report.ts';
import { readStageSettings, type TableWishes } from './serverless-file.ts';

/** The functions' settings, as readConfig reads them. */
type Settings = ReturnType<typeof readConfig>;

export type Place = {
  stage: string;
  connection: Connection;
  settings: Settings;
  tableName: string;
  /** What the stage wants of its table beyond infra/table.yml. Undefined for the local system, which has none of it. */
  table: (TableWishes & { adoptedStream: string | undefined }) | undefined;
  busName: string;
  bucketName: string;
  /** The URLs of the stack's queues, by logical id. */
  queues: ReadonlyMap<string, string>;
  /** Absent if the stack has no such output. */
  apiUrl: string | undefined;
};

export type PlaceOptions = { stage: string; region?: string | undefined; apiUrl?: string | undefined };

/** A table that need not be a stack's, such as one that is restored or was left by a removed stack. */
export const tablePlace = (
  { stage, region }: PlaceOptions,
  env: Environment,
  tableName: string,
): Pick<Place, 'connection' | 'tableName'> => ({
  connection:
    stage === 'local'
      ? localConnection(readStageSettings('local').environment, env)
      : deployedAt(region, env),
  tableName,
});

const STAGE = /^[a-zA-Z0-9-]{1,30}$/;

const localPlace = (options: PlaceOptions, env: Environment): Place => {
  const { environment } = readStageSettings('local');
  // As in `npm start`, the caller's own settings override those of the file.
  const own = Object.keys(environment).filter((name) => env[name] && !name.startsWith('AWS_'));
  // Not in the file's list for this stage.
  const { WEBHOOK_HMAC_PARAMETER, NUMBERS_WITH_OWN_KEY } = env;
  const settings = readConfig({
    ...environment,
    ...Object.fromEntries(own.map((name) => [name, env[name]])),
    WEBHOOK_HMAC_PARAMETER,
    NUMBERS_WITH_OWN_KEY,
  });
  const connection = localConnection(environment, env);
  const queues = readQueues().map(
    ({ name }) => [name, queueUrl(connection.local?.sqsUrl ?? '', name)] as const,
  );
  const { PORT: port } = env;
  return {
    stage: 'local',
    connection,
    settings,
    tableName: settings.TABLE_NAME,
    table: undefined,
    busName: settings.EVENT_BUS_NAME ?? '',
    bucketName: settings.RECIPIENTS_BUCKET ?? '',
    queues: new Map(queues),
    apiUrl: options.apiUrl ?? `http://127.0.0.1:${Number(port) || 3000}`,
  };
};

/** The rule of serverless.yml, so that the stack is found where it was deployed. */
const deployedAt = (region: string | undefined, { AWS_REGION }: Environment): Connection => ({
  region: region ?? (AWS_REGION || 'eu-west-1'),
});

const deployedPlace = async (options: PlaceOptions, env: Environment): Promise<Place> => {
  const { readStack } = await import('./cloudformation.ts');
  const { stackName, environment, table } = readStageSettings(options.stage);
  const connection = deployedAt(options.region, env);
  const { resources, outputs } = await readStack(connection, stackName);
  const named = (logicalId: string): string =>
    resources.find((one) => one.logicalId === logicalId)?.name ?? '';
  // An adopted table or bucket is no resource of the stack.
  const tableName = outputs.get('TableName') ?? named('Table');
  const queues = resources.filter(({ type }) => type === 'AWS::SQS::Queue');
  return {
    stage: options.stage,
    connection,
    settings: readConfig({ ...environment, STAGE: options.stage, TABLE_NAME: tableName || 'none' }),
    tableName,
    table: { ...table, adoptedStream: outputs.get('AdoptedTableStream') },
    busName: named('EventBus'),
    bucketName: outputs.get('RecipientsBucketName') ?? named('RecipientsBucket'),
    queues: new Map(queues.map(({ logicalId, name }) => [logicalId, name])),
    apiUrl: options.apiUrl ?? outputs.get('HttpApiUrl'),
  };
};

/** Throws an OpsError if there is no such stack. */
export const findPlace = async (options: PlaceOptions, env: Environment): Promise<Place> => {
  if (!STAGE.test(options.stage)) throw misuse('a stage has only letters, digits and hyphens');
  const place = options.stage === 'local' ? localPlace(options, env) : await deployedPlace(options, env);
  return { ...place, apiUrl: place.apiUrl?.replace(/\/+$/, '') };
};
