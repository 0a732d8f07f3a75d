/** SSM's Parameter Store, as far as SecureStrings are read and written. */
import type { AwsAnswer } from './aws-wire.ts';

/** The fields of the operations' inputs that are read here. */
export type SsmInput = {
  Name?: string;
  Names?: string[];
  Value?: string;
  Overwrite?: boolean;
  WithDecryption?: boolean;
};

export type Parameters = {
  set: (name: string, value: string) => void;
  /** Answers one SSM operation by its name, from its JSON input. */
  answer: (operation: string, input: SsmInput) => AwsAnswer;
};

type Stored = { value: string; version: number; changedAt: Date };

const reply = (status: number, body: object): AwsAnswer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: JSON.stringify(body),
});

const refusal = (type: string, message?: string): AwsAnswer =>
  reply(400, { __type: type, ...(message ? { message } : {}) });

const describe = (name: string, stored: Stored, decrypted: boolean) => ({
  ARN: `arn:aws:ssm:eu-west-1:000000000000:parameter${name.startsWith('/') ? '' : '/'}${name}`,
  DataType: 'text',
  LastModifiedDate: stored.changedAt.getTime() / 1000,
  Name: name,
  Type: 'SecureString',
  // Without WithDecryption AWS hands out ciphertext. Forgetting it has to fail here as well.
  Value: decrypted ? stored.value : `AQICAHg${Buffer.from(`v${stored.version}`).toString('base64')}`,
  Version: stored.version,
});

/** An empty store in memory. */
export const createParameters = (): Parameters => {
  const store = new Map<string, Stored>();

  const set: Parameters['set'] = (name, value) => {
    store.set(name, { value, version: (store.get(name)?.version ?? 0) + 1, changedAt: new Date() });
  };

  const get = ({ Name = '', WithDecryption = false }: SsmInput): AwsAnswer => {
    const stored = store.get(Name);
    if (!stored) return refusal('ParameterNotFound');
    return reply(200, { Parameter: describe(Name, stored, WithDecryption) });
  };

  const getMany = ({ Names = [], WithDecryption = false }: SsmInput): AwsAnswer => {
    const found = Names.flatMap((name) => {
      const stored = store.get(name);
      return stored ? [describe(name, stored, WithDecryption)] : [];
    });
    return reply(200, { Parameters: found, InvalidParameters: Names.filter((name) => !store.has(name)) });
  };

  const put = ({ Name = '', Value = '', Overwrite = false }: SsmInput): AwsAnswer => {
    if (store.has(Name) && !Overwrite) {
      return refusal('ParameterAlreadyExists', 'The parameter already exists.');
    }
    set(Name, Value);
    return reply(200, { Tier: 'Standard', Version: store.get(Name)?.version });
  };

  const operations = new Map(
    Object.entries({ GetParameter: get, GetParameters: getMany, PutParameter: put }),
  );

  return {
    set,
    answer: (operation, input) =>
      operations.get(operation)?.(input) ?? refusal('UnknownOperationException', operation),
  };
};
