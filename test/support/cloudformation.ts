/** CloudFormation with one stack in it, as far as an operator asks of it; and an AWS that takes no credentials. */
import { createServer } from 'node:http';
import { type Listening, listen, readBody } from '../../local/http-server.ts';

type StackEntry = { logicalId: string; type: string; physicalId: string };
type FakeStack = { name: string; resources: StackEntry[]; outputs: Record<string, string> };

/** So few that a stack has several pages. */
const PAGE = 4;

const xml = (action: string, result: string): string =>
  `<${action}Response xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><${action}Result>${result}</${action}Result></${action}Response>`;

const failure = (code: string, message: string): string =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;

const outputOf = ([key, value]: [string, string]): string =>
  `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`;

const description = ({ name, outputs }: FakeStack): string =>
  `<Stacks><member><StackName>${name}</StackName><StackStatus>UPDATE_COMPLETE</StackStatus>` +
  `<CreationTime>2026-01-01T00:00:00Z</CreationTime><Outputs>${Object.entries(outputs).map(outputOf).join('')}</Outputs></member></Stacks>`;

const summary = ({ logicalId, type, physicalId }: StackEntry): string =>
  `<member><LogicalResourceId>${logicalId}</LogicalResourceId><ResourceType>${type}</ResourceType>` +
  `<PhysicalResourceId>${physicalId}</PhysicalResourceId><ResourceStatus>CREATE_COMPLETE</ResourceStatus></member>`;

const page = ({ resources }: FakeStack, token: string | null): string => {
  const start = Number(token ?? 0);
  const next = start + PAGE < resources.length ? `<NextToken>${start + PAGE}</NextToken>` : '';
  const members = resources.slice(start, start + PAGE).map(summary);
  return `<StackResourceSummaries>${members.join('')}</StackResourceSummaries>${next}`;
};

const answer = (stack: FakeStack, form: URLSearchParams): { status: number; body: string } => {
  const action = form.get('Action') ?? '';
  if (form.get('StackName') !== stack.name) {
    const message = `Stack with id ${form.get('StackName')} does not exist`;
    return { status: 400, body: failure('ValidationError', message) };
  }
  const result = action === 'DescribeStacks' ? description(stack) : page(stack, form.get('NextToken'));
  return { status: 200, body: xml(action, result) };
};

const startXml = (reply: (body: string) => { status: number; body: string }): Promise<Listening> =>
  listen(
    createServer(async (request, response) => {
      const { status, body } = reply(String(await readBody(request, 65_536)));
      response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
    }),
    0,
  );

export const startCloudFormation = (stack: FakeStack): Promise<Listening> =>
  startXml((body) => answer(stack, new URLSearchParams(body)));

/** Whoever asks, and for what. */
export const startRefusal = (code: string): Promise<Listening> =>
  startXml(() => ({ status: 403, body: failure(code, 'canary') }));
