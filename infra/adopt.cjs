/**
 * Lets the stack use a table or a bucket that exists already, such as a restored table, or one that a removed stack has left
 * (docs/restore.md, ADR 032). With the param `existingTableStream` or `existingBucket`, the packaged template has no such resource,
 * and each reference to it names the given one. `serverless` loads this file as a plugin, because only a plugin sees the whole
 * template.
 */

/** serverless's own: a plugin has no access to AWS but by its SDK. */
const { CloudFormationClient, GetTemplateCommand } = (require.main ?? module).require(
  '@aws-sdk/client-cloudformation',
);

/** A stream's ARN names its table too, so the two can't be of different tables. */
const STREAM = /^(arn:[\w-]+:dynamodb:[\w-]+:\d{12}:table\/([\w.-]{3,255}))\/stream\/[\w.:-]+$/;
const BUCKET = /^[a-z\d][a-z\d.-]{1,61}[a-z\d]$/;
/** The value of a param that asks for a new resource in a stack that has adopted one. */
const NEW = 'new';

const tableOf = (stream) => {
  const [StreamArn, Arn, name] = STREAM.exec(stream) ?? [];
  if (!StreamArn) throw new Error(`existingTableStream is no ARN of a table's stream: ${stream}`);
  return { Ref: name, Arn, StreamArn };
};

const bucketOf = (name) => {
  if (!BUCKET.test(name)) throw new Error(`existingBucket is no name of a bucket: ${name}`);
  return { Ref: name, Arn: `arn:\${AWS::Partition}:s3:::${name}` };
};

/**
 * What a stack can adopt, by logical id. `of`: the value of each reference to it. `without`: resources and conditions
 * that go with it. `output`: tells the next deployment that it was adopted.
 */
const ADOPTABLE = {
  Table: {
    param: 'existingTableStream',
    of: tableOf,
    without: ['TableKey', 'HasOwnKey'],
    removal: 'tableRemoval',
    output: 'AdoptedTableStream',
  },
  RecipientsBucket: {
    param: 'existingBucket',
    of: bucketOf,
    without: [],
    removal: 'bucketRemoval',
    output: 'AdoptedBucket',
  },
};

const text = (value) => (value.includes('${') ? { 'Fn::Sub': value } : value);

const referenceTo = (adopted, id, attribute) => {
  const value = adopted[id][attribute];
  if (value === undefined)
    throw new Error(`${id}.${attribute} of an adopted ${id} is unknown: see infra/adopt.cjs`);
  return value;
};

const substituted = (adopted, source) =>
  source.replace(/\$\{(\w+)(?:\.(\w+))?\}/g, (found, id, attribute = 'Ref') =>
    Object.hasOwn(adopted, id) ? referenceTo(adopted, id, attribute) : found,
  );

/** The template's part with each reference to an adopted resource replaced by its value. */
const resolved = (adopted, part) => {
  if (Array.isArray(part)) return part.map((one) => resolved(adopted, one));
  if (part === null || typeof part !== 'object') return part;
  const { Ref: ref, 'Fn::GetAtt': get, 'Fn::Sub': sub } = part;
  if (typeof ref === 'string' && Object.hasOwn(adopted, ref)) return text(referenceTo(adopted, ref, 'Ref'));
  const [id, attribute] = typeof get === 'string' ? get.split('.') : (get ?? []);
  if (typeof id === 'string' && Object.hasOwn(adopted, id)) return text(referenceTo(adopted, id, attribute));
  if (typeof sub === 'string') return text(substituted(adopted, sub));
  if (Array.isArray(sub)) return { 'Fn::Sub': [substituted(adopted, sub[0]), resolved(adopted, sub[1])] };
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, resolved(adopted, value)]));
};

const without = (ids, entries = {}) =>
  Object.fromEntries(Object.entries(entries).filter(([id]) => !ids.includes(id)));

const withoutWaits = (ids, resource) => {
  if (resource.DependsOn === undefined) return resource;
  const DependsOn = [resource.DependsOn].flat().filter((id) => !ids.includes(id));
  return { ...resource, DependsOn };
};

/** What each reference becomes: `given` has the ARN of the stream and the name of the bucket, by logical id. */
const valuesOf = (given) =>
  Object.fromEntries(Object.entries(given).map(([id, value]) => [id, ADOPTABLE[id].of(value)]));

/** The template of a stack that adopts. */
const adopt = (template, given) => {
  const adopted = valuesOf(given);
  const gone = Object.keys(given).flatMap((id) => [id, ...ADOPTABLE[id].without]);
  const { Resources, Conditions, Outputs, ...rest } = template;
  const conditions = without(gone, Conditions);
  const kept = Object.entries(without(gone, Resources)).map(([id, one]) => [id, withoutWaits(gone, one)]);
  const notes = Object.entries(given).map(([id, Value]) => [
    ADOPTABLE[id].output,
    { Description: 'Adopted: the stack did not create it and does not remove it', Value },
  ]);
  return {
    ...resolved(adopted, { ...rest, Resources: Object.fromEntries(kept) }),
    ...(Object.keys(conditions).length > 0 ? { Conditions: conditions } : {}),
    Outputs: { ...resolved(adopted, Outputs), ...Object.fromEntries(notes) },
  };
};

/** Why a deployment over the deployed template would lose data, or undefined. */
const objection = (deployed, settings, stage) => {
  for (const [id, { param, output, removal }] of Object.entries(ADOPTABLE)) {
    const [before, now] = [deployed.Outputs?.[output]?.Value, settings[param]];
    if (before && !now)
      return `The stack uses ${before}, and this deployment would leave it for a new, empty one. Put "${param}: ${before}" under the params of stage ${stage} in serverless.yml. To start empty, add --param ${param}=${NEW}`;
    const own = deployed.Resources?.[id];
    if (own && now && now !== NEW && own.DeletionPolicy !== 'Retain')
      return `CloudFormation would delete the stack's own ${id}. Deploy once with --param ${removal}=Retain, without ${param}`;
  }
  return undefined;
};

module.exports = class Adopt {
  constructor(serverless) {
    const provider = serverless.getProvider('aws');
    const settings = () => serverless.service.custom.existing;
    const given = () => {
      const found = Object.entries(ADOPTABLE).map(([id, { param }]) => [id, settings()[param]]);
      return Object.fromEntries(found.filter(([, value]) => value && value !== NEW));
    };
    const orStop = (act) => () => {
      try {
        act(serverless.service.provider);
      } catch (error) {
        throw new serverless.classes.Error(error.message, 'CANNOT_ADOPT');
      }
    };
    // Before the functions get their versions: an alias moves only to a new version, and that is made of what a function's
    // environment says (infra/canary.cjs).
    const prepare = orStop((own) => {
      own.environment = resolved(valuesOf(given()), own.environment);
    });
    const finalize = orStop((own) => {
      if (Object.keys(given()).length === 0) return;
      own.compiledCloudFormationTemplate = adopt(own.compiledCloudFormationTemplate, given());
    });
    const protect = async () => {
      const StackName = provider.naming.getStackName();
      const client = new CloudFormationClient(await provider.getAwsSdkV3Config());
      const deployed = await client.send(new GetTemplateCommand({ StackName })).catch((error) => {
        if (/does not exist/.test(error.message)) return { TemplateBody: '{}' };
        throw error;
      });
      const against = objection(JSON.parse(deployed.TemplateBody), settings(), provider.getStage());
      if (against) throw new serverless.classes.Error(against, 'DATA_WOULD_BE_LEFT');
    };
    this.hooks = {
      'before:package:compileFunctions': prepare,
      'after:aws:package:finalize:mergeCustomProviderResources': finalize,
      'before:deploy:deploy': protect,
    };
  }
};
module.exports.adopt = adopt;
module.exports.objection = objection;
