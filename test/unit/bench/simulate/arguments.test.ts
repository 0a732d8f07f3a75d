import { describe, expect, it } from 'vitest';
import { BadArgument, readArguments } from '../../../../bench/simulate/arguments.ts';
import { deploymentBefore, readDeployment } from '../../../../bench/simulate/deployment.ts';

const settingsOf = (...args: string[]) => {
  const asked = readArguments(args);
  if (asked.kind !== 'run') throw new Error(asked.kind);
  return asked.settings;
};

describe('npm run simulate', () => {
  it('takes the load and the params from its flags', () => {
    const { load, account, deployment } = settingsOf(
      ...'--sends 50 --latency 20 --callbacks 2 --concurrency 500 --send-concurrency 300'.split(' '),
    );
    expect(load).toMatchObject({ sends: 50, latencySeconds: 20, callbacks: 2 });
    expect([account.concurrency, deployment.reserved['sendFlow']]).toEqual([500, 300]);
  });

  it('sends nothing beside a campaign, unless it is asked to', () => {
    expect(settingsOf('--campaign', '72').load).toMatchObject({ sends: 0, campaign: 72 });
    expect(settingsOf('--campaign', '72', '--sends', '5').load.sends).toBe(5);
  });

  it('simulates the working tree, or the version before', () => {
    expect(settingsOf().deployment).toEqual(readDeployment());
    expect(settingsOf('--before').deployment).toEqual(deploymentBefore());
    expect(deploymentBefore()).not.toEqual(readDeployment());
  });

  it.each([
    ['--sends many', '--sends must be a number from 0 to 20000, not "many"'],
    ['--sends', '--sends'],
    ['--latency 0', '--latency must be'],
    ['--seconds 1.5', '--seconds must be a whole number'],
    ['--queue 2', '--queue must be a number from 0 to 1'],
    ['--speed 3', '--speed'],
    ['--before --numbers 3', '--numbers is a param that the version of --before does not have'],
    ['lots', 'lots'],
  ])('names what is wrong with %s', (args, message) => {
    expect(() => readArguments(args.split(' '))).toThrow(BadArgument);
    expect(() => readArguments(args.split(' '))).toThrow(message);
  });

  it('lists each flag', () => {
    const asked = readArguments(['--help']);
    expect(asked.kind === 'help' && asked.text).toMatch(/--sends N .*\n.*--latency N /);
  });
});
