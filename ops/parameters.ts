/** The parameter store: SecureStrings are read and written, and nothing of them is ever told. */
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { type Connection, clientConfig } from './connection.ts';
import { isNamed } from './explain.ts';

export type StoredParameter = { value: string; type: string };

export type Parameters = {
  /** undefined: there is none of that name. */
  read: (name: string) => Promise<StoredParameter | undefined>;
  /** Writes a SecureString over whatever is there. */
  write: (name: string, value: string) => Promise<void>;
  /** False if there is one already: then it is left alone. */
  create: (name: string, value: string) => Promise<boolean>;
  /** By how much AWS's clock was ahead of ours at the last answer, in ms; undefined before the first. */
  skewMs: () => number | undefined;
};

export const openParameters = (connection: Connection): Parameters => {
  const client = new SSMClient(clientConfig(connection));
  let skewMs: number | undefined;

  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers } = result.response as { headers?: Record<string, string> };
      const at = Date.parse(headers?.['date'] ?? '');
      if (!Number.isNaN(at)) skewMs = at - Date.now();
      return result;
    },
    { step: 'deserialize', priority: 'low' },
  );

  const put = async (Name: string, Value: string, Overwrite: boolean): Promise<void> => {
    await client.send(new PutParameterCommand({ Name, Value, Overwrite, Type: 'SecureString' }));
  };

  return {
    read: async (Name) => {
      try {
        const { Parameter } = await client.send(new GetParameterCommand({ Name, WithDecryption: true }));
        return { value: Parameter?.Value ?? '', type: Parameter?.Type ?? '' };
      } catch (error) {
        if (isNamed(error, 'ParameterNotFound')) return undefined;
        throw error;
      }
    },
    write: (name, value) => put(name, value, true),
    create: async (name, value) => {
      try {
        await put(name, value, false);
        return true;
      } catch (error) {
        if (isNamed(error, 'ParameterAlreadyExists')) return false;
        throw error;
      }
    },
    skewMs: () => skewMs,
  };
};
