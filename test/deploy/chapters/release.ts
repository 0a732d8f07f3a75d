import { describe, expect, it } from 'vitest';
import { readStack } from '../../../local/stack.ts';
import { until } from '../../support/fleet/wait.ts';
import { BUSINESS, flow, type System } from '../system.ts';

const SETTINGS = 'serverless.yml';
const BUNDLE = 'dist/sendFlow.cjs';
const CANARY = ['--param', 'canary=LambdaCanary10Percent5Minutes'];
const LEASE_SECONDS = 5;

/** A release that dies in the middle of a send: as the request leaves, or as LipaChat's response arrives. */
const BAD = `{
  const { Socket } = require('node:net');
  const { write } = Socket.prototype;
  const { port } = new URL(process.env.LIPACHAT_BASE_URL);
  Socket.prototype.write = function (chunk, ...rest) {
    const text = String(this.remotePort) === port ? String(chunk) : '';
    if (text.includes('dies before the call')) process.exit(1);
    if (text.includes('dies after the call')) this.prependListener('readable', () => process.exit(1));
    return write.call(this, chunk, ...rest);
  };
}
`;

type Alias = {
  FunctionVersion: string;
  RoutingConfig?: { AdditionalVersionWeights: Record<string, number> };
};

/** Canary and rollback (ADR 031). The test makes CodeDeploy's calls itself, because the emulator has no CodeDeploy. */
export const release = (system: () => System): void => {
  const names = Object.keys(readStack().functions);
  const alias = (name: string) => ['--function-name', `lipaflow-proof-${name}`, '--name', 'live'];
  const aliasOf = (name: string) => system().account.aws<Alias>('lambda', 'get-alias', ...alias(name));
  /** What CodeDeploy does for a step, and for a rollback: `share` of the calls reach `version`, the others `old`. */
  const shift = (name: string, old: string, version: string, share: number) => {
    const weights = share === 0 ? {} : { [version]: share };
    const routing = JSON.stringify({ AdditionalVersionWeights: weights });
    const to = ['--function-version', old, '--routing-config', routing];
    return system().account.aws<Alias>('lambda', 'update-alias', ...alias(name), ...to);
  };
  const deploy = async (...params: string[]) => {
    const deployed = await system().service.serverless('deploy', ...params);
    expect(deployed.output).toContain('Service deployed');
  };
  const send = async (text: string) => {
    const { app, customer, lipachat } = system();
    const body = flow(customer(), { text });
    await lipachat.writeIn(body.to, { to: BUSINESS });
    return { body, status: (await app('POST', '/v1/flows', { body })).status };
  };

  describe('a release in steps', () => {
    let [old, bad] = ['', ''];
    const died: Awaited<ReturnType<typeof send>>[] = [];

    it('leads every caller to the aliases, which name the new versions', { timeout: 120_000 }, async () => {
      const { service, account } = system();
      service.change(
        SETTINGS,
        /( +)STAGE: \$\{sls:stage\}\n/,
        (line) => `${line}      LEASE_SECONDS: ${LEASE_SECONDS}\n`,
      );
      await deploy(...CANARY);
      const mappings = await account.aws<{ EventSourceMappings: { FunctionArn: string }[] }>(
        ...(['lambda', 'list-event-source-mappings'] as const),
      );
      expect(mappings.EventSourceMappings.length).toBeGreaterThan(4);
      for (const { FunctionArn } of mappings.EventSourceMappings) expect(FunctionArn).toMatch(/:live$/);
      for (const name of names) expect((await aliasOf(name)).FunctionVersion).toMatch(/^\d+$/);
      old = (await aliasOf('sendFlow')).FunctionVersion;
      expect(await send('Before the release.')).toMatchObject({ status: 201 });
    });

    it('reaches some callers, while the old version serves the others', { timeout: 180_000 }, async () => {
      const { service } = system();
      service.change(BUNDLE, /^/, () => BAD);
      await deploy(...CANARY);
      bad = (await aliasOf('sendFlow')).FunctionVersion;
      expect(Number(bad)).toBeGreaterThan(Number(old));
      await shift('sendFlow', old, bad, 0.5);
      for (const text of ['It dies before the call.', 'It dies after the call.']) {
        const served = new Set<number>();
        while (!(served.has(201) && [...served].some((status) => status >= 500))) {
          const sent = await send(text);
          served.add(sent.status);
          if (sent.status >= 500) {
            died.push(sent);
            // What the bad version had sent stays sent: the message that died after the call is on the phone.
            const { lipachat } = system();
            const delivered = await lipachat.deliveries(sent.body.messageId);
            expect(delivered).toHaveLength(text.includes('after') ? 1 : 0);
          }
          expect(served.size).toBeLessThan(3);
        }
      }
    });

    it('is rolled back: every caller has the old version again', async () => {
      await shift('sendFlow', old, bad, 0);
      expect(await aliasOf('sendFlow')).toMatchObject({ FunctionVersion: old });
      for (let n = 0; n < 5; n += 1)
        expect(await send('It dies before the call.')).toMatchObject({ status: 201 });
    });

    it('leaves nothing unsent and sends nothing twice: the old version finishes what the bad one claimed', {
      timeout: 120_000,
    }, async () => {
      const { app, lipachat } = system();
      expect(died.length).toBeGreaterThanOrEqual(2);
      for (const { body } of died) {
        await until(`${body.messageId} to be sent`, async () => {
          const { json } = await app('GET', `/v1/messages/${body.messageId}`);
          return json.status === 'sent';
        });
        expect(await lipachat.deliveries(body.messageId)).toHaveLength(1);
        expect((await app('POST', '/v1/flows', { body })).status).toBe(201);
        expect(await lipachat.deliveries(body.messageId)).toHaveLength(1);
      }
    });

    it('gives way to the release before it, as the stack goes back', { timeout: 120_000 }, async () => {
      const { service, app } = system();
      service.restore(BUNDLE);
      await deploy(...CANARY);
      const { FunctionVersion, RoutingConfig } = await aliasOf('sendFlow');
      expect([Number(FunctionVersion) > Number(bad), RoutingConfig]).toEqual([true, undefined]);
      expect(await send('It dies before the call.')).toMatchObject({ status: 201 });
      expect((await app('GET', '/v1/health')).status).toBe(200);
      service.restore(SETTINGS);
    });
  });
};
