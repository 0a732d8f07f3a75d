/** What every verb of the command line has. */
import { Command } from 'commander';
import type { Place, PlaceOptions } from './place.ts';
import type { Io, Report } from './report.ts';

/** The options of every verb. */
export type Common = PlaceOptions & { json?: boolean };

type Verb<Options> = (find: () => Promise<Place>, options: Options, io: Io) => Promise<Report>;

/** Turns a verb into commander's action. */
export type Act = <Options extends Common>(verb: Verb<Options>) => (options: Options) => Promise<void>;

export const verb = (usage: string, description: string): Command => {
  const [name = '', ...args] = usage.split(' ');
  const command = new Command(name).description(description);
  for (const argument of args) command.argument(argument);
  return command
    .option('--stage <stage>', 'the deployment', 'dev')
    .option('--region <region>', 'the region of the stack (default: AWS_REGION, else eu-west-1)')
    .option('--json', 'print JSON');
};

export const group = (name: string, description: string, verbs: readonly Command[]): Command => {
  const command = new Command(name).description(description);
  for (const one of verbs) command.addCommand(one);
  return command;
};

export const NUMBERS = ['--show-numbers', 'print phone numbers in full'] as const;
export type Shown = Common & { showNumbers?: boolean };
