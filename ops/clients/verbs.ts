/** The verbs of API clients, their arguments and options. */
import type { Command } from 'commander';
import { SCOPES } from '../../src/lib/clients/scopes.ts';
import { type Act, type Common, group, NUMBERS, type Shown, verb } from '../verb.ts';
import type { CreateOptions } from './create.ts';

const EXPIRES = ['--expires <when>', 'end the token then: 90d, 12h, or a date such as 2027-01-31'] as const;

const createClient = (act: Act): Command => {
  type Create = Common & CreateOptions;
  return verb('create <name>', 'create a client; its token is shown only once')
    .requiredOption('--scopes <scopes>', `${SCOPES.join(', ')}, comma-separated`)
    .option('--numbers <numbers>', 'the only business numbers that it may use, comma-separated; or all')
    .option('--namespace <name>', 'keep its messageIds apart from those of clients outside this namespace')
    .option(
      '--shared-ids',
      'with --numbers: no namespace of its own; its messageIds go to LipaChat unchanged',
    )
    .option(...EXPIRES)
    .option('--sources <blocks>', 'the only addresses that the token works from, as CIDR blocks')
    .option('--recipient-sources <prefixes>', 'where its campaigns may read recipients: s3://bucket/prefix/')
    .option('--another-token', 'add a second token to an existing client, to replace its first')
    .action((name: string, options: Create) =>
      act<Create>(async (find) => (await import('./create.ts')).createClient(await find(), name, options))(
        options,
      ),
    );
};

const endClient = (act: Act): Command[] => {
  type Revoke = Common & { token?: string };
  type Rotate = Revoke & { overlap: string; expires?: string };
  const rotate = verb('rotate <name>', 'make a new token with the same rights, and end the earlier ones')
    .option('--overlap <time>', 'how long the earlier ones still work, such as 24h or 7d', '24h')
    .option('--token <id>', 'replace only this token, by its id in the list')
    .option(...EXPIRES)
    .action((name: string, options: Rotate) =>
      act<Rotate>(async (find) => (await import('./end.ts')).rotateClient(await find(), name, options))(
        options,
      ),
    );
  const revoke = verb('revoke <name>', 'revoke all tokens of a client')
    .option('--token <id>', 'revoke only this token, by its id in the list')
    .action((name: string, options: Revoke) =>
      act<Revoke>(async (find) => (await import('./end.ts')).revokeClient(await find(), name, options))(
        options,
      ),
    );
  return [rotate, revoke];
};

export const client = (act: Act): Command => {
  type Check = Common & { route?: string; from?: string; source?: string };
  const list = verb('list', 'list all clients, without their tokens')
    .option(...NUMBERS)
    .action(
      act<Shown>(async (find, options) => (await import('./list.ts')).listClients(await find(), options)),
    );
  const check = verb('check', 'say whether a token is good, and if not, why')
    .option('--route <route>', 'for this route, such as "POST /v1/flows"')
    .option('--from <number>', 'for this business number')
    .option('--source <address>', 'from this address')
    .addHelpText('after', '\nThe token is read without echo, or from a pipe.')
    .action(
      act<Check>(async (find, options, io) =>
        (await import('./check.ts')).checkToken(await find(), options, io),
      ),
    );
  return group('client', 'manage the API clients', [createClient(act), list, ...endClient(act), check]);
};
