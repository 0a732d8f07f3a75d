/** SSM's Parameter Store: reading, writing and deleting strings. */
import type { AwsAnswer } from './wire.ts';

/** The fields of the inputs that we read. */
export type SsmInput = {
  Name?: string;
  Names?: string[];
  Value?: string;
  /** Set with a parameter's first value, and kept. */
  Type?: ParameterType;
  Overwrite?: boolean;
  WithDecryption?: boolean;
};

type ParameterType = 'String' | 'SecureString';

export type Parameters = {
  /** A new parameter is a SecureString. */
  set: (name: string, value: string) => void;
  /** Handles one SSM operation by name, from its JSON input. */
  answer: (operation: string, input: SsmInput) => AwsAnswer;
};

type Stored = { value: string; type: ParameterType; version: number; changedAt: Date };

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
  Type: stored.type,
  // Without WithDecryption, AWS returns ciphertext. Code that omits it has to fail here too.
  Value:
    decrypted || stored.type === 'String'
      ? stored.value
      : `AQICAHg${Buffer.from(`v${stored.version}`).toString('base64')}`,
  Version: stored.version,
});

/** An empty in-memory store. */
export const createParameters = (): Parameters => {
  const store = new Map<string, Stored>();

  const write = (name: string, value: string, type: ParameterType | undefined): void => {
    const before = store.get(name);
    const version = (before?.version ?? 0) + 1;
    store.set(name, { value, type: type ?? before?.type ?? 'SecureString', version, changedAt: new Date() });
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

  const put = ({ Name = '', Value = '', Type, Overwrite = false }: SsmInput): AwsAnswer => {
    if (store.has(Name) && !Overwrite) {
      return refusal('ParameterAlreadyExists', 'The parameter already exists.');
    }
    write(Name, Value, Type);
    return reply(200, { Tier: 'Standard', Version: store.get(Name)?.version });
  };

  const remove = ({ Name = '' }: SsmInput): AwsAnswer =>
    store.delete(Name) ? reply(200, {}) : refusal('ParameterNotFound');

  const operations = new Map(
    Object.entries({
      GetParameter: get,
      GetParameters: getMany,
      PutParameter: put,
      DeleteParameter: remove,
    }),
  );

  return {
    set: (name, value) => write(name, value, undefined),
    answer: (operation, input) =>
      operations.get(operation)?.(input) ?? refusal('UnknownOperationException', operation),
  };
};
