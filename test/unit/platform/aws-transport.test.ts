import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, describe, expect, it } from 'vitest';
import { nodeTransport } from '../../../src/lib/platform/aws-transport.ts';
import { undiciTransport } from '../../../src/lib/platform/aws-transport-undici.ts';
import { type ManualClock, manualClock } from '../../support/fakes/clock.ts';
import { answer, type Behaviour, type Loopback, loopback } from '../../support/fakes/loopback.ts';
import { NOW } from '../../support/fakes/samples.ts';

const TRANSPORTS = { 'Node’s own client': nodeTransport, undici: undiciTransport };
const MINUTE_MS = 60_000;

const kept = answer(200, '{}', { connection: 'keep-alive' });
const silent: Behaviour = () => undefined;
const cut: Behaviour = (socket) => socket.resetAndDestroy();

describe.each(Object.entries(TRANSPORTS))('%s', (_, make) => {
  let server: Loopback;
  let client: SSMClient;
  let clock: ManualClock;

  const begin = async (...behaviours: Behaviour[]) => {
    server = await loopback(...behaviours);
    clock = manualClock(NOW);
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    client = new SSMClient({
      endpoint: `http://127.0.0.1:${server.port}`,
      region: 'eu-west-1',
      credentials,
      requestHandler: make(clock),
      // Each call here is one try of the SDK.
      maxAttempts: 1,
    });
  };
  afterEach(async () => {
    client.destroy();
    await server.close();
  });

  const call = async (): Promise<number | undefined> => {
    const { $metadata } = await client.send(new GetParameterCommand({ Name: 'a' }));
    // The connection is free again only in the next turn.
    await new Promise((resolve) => setTimeout(resolve, 5));
    return $metadata.httpStatusCode;
  };
  const callTwiceAtOnce = () => Promise.all([call(), call()]);

  it('reuses a connection that is idle for less than a minute', async () => {
    await begin(kept);
    await call();
    clock.advance(MINUTE_MS - 1);
    expect(await call()).toBe(200);
    expect(server.connections).toBe(1);
  });

  it('reuses none after more than a minute by the wall clock, when no timer could run', async () => {
    await begin(kept);
    await callTwiceAtOnce();
    clock.advance(MINUTE_MS + 1);
    expect(await call()).toBe(200);
    expect(server.connections).toBe(3);
  });

  it.each([
    ['reset', cut],
    ['silent', silent],
  ])('gives up all idle connections with one that is found %s', async (_, lost) => {
    await begin(kept, kept, lost, kept);
    await callTwiceAtOnce();
    expect(server.connections).toBe(2);
    await expect(call()).rejects.toThrow();
    expect(await call()).toBe(200);
    expect(server.connections).toBe(3);
  });

  it('leaves calls on other connections alone', async () => {
    const slow: Behaviour = (socket, request) => void setTimeout(() => kept(socket, request), 200);
    await begin(kept, kept, slow, cut, kept);
    await callTwiceAtOnce();
    const under = call();
    await expect(call()).rejects.toThrow();
    expect(await under).toBe(200);
  });
});
