/** A deployed stack: its resources and outputs. */
import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { type Connection, clientConfig } from './connection.ts';
import { OpsError } from './report.ts';

type StackResource = {
  logicalId: string;
  type: string;
  /** The physical id: a name, or the URL of a queue. */
  name: string;
};

export type Stack = { resources: StackResource[]; outputs: ReadonlyMap<string, string> };

const isMissing = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message);

/** Throws an OpsError if no stack has that name. */
export const readStack = async (connection: Connection, StackName: string): Promise<Stack> => {
  const client = new CloudFormationClient(clientConfig(connection));
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }));
    const resources: StackResource[] = [];
    for await (const page of paginateListStackResources({ client }, { StackName })) {
      for (const one of page.StackResourceSummaries ?? []) {
        const {
          LogicalResourceId: logicalId = '',
          ResourceType: type = '',
          PhysicalResourceId: name = '',
        } = one;
        resources.push({ logicalId, type, name });
      }
    }
    const outputs = (Stacks?.[0]?.Outputs ?? []).map(
      ({ OutputKey, OutputValue }) => [OutputKey ?? '', OutputValue ?? ''] as const,
    );
    return { resources, outputs: new Map(outputs) };
  } catch (error) {
    if (!isMissing(error)) throw error;
    const where = `there is no stack ${StackName} in ${connection.region}`;
    throw new OpsError(`${where}: deploy it first, or name another --stage or --region`);
  } finally {
    client.destroy();
  }
};
