/** The parameter store: reads and writes SecureStrings. Their values never appear in output or errors. */
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { type Connection, clientConfig } from './connection.ts';
import { isNamed } from './explain.ts';

export type StoredParameter = { value: string; type: string };

export type Parameters = {
  /** undefined if there is no such parameter. */
  read: (name: string) => Promise<StoredParameter | undefined>;
  /** Writes a SecureString, replacing an existing value. */
  write: (name: string, value: string) => Promise<void>;
  /** False if the parameter exists; then it stays as it is. */
  create: (name: string, value: string) => Promise<boolean>;
  /** How far AWS's clock was ahead of ours at the last response, in ms; undefined before the first. */
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
