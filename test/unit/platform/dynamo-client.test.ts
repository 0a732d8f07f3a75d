import { createHash, createHmac } from 'node:crypto';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { makeDynamoClient, sha256 } from '../../../src/lib/platform/dynamo-client.ts';

const pieces = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 4 });
const secrets = fc.oneof(fc.uint8Array({ maxLength: 100 }), fc.string({ minLength: 1 }));

describe('the SDK’s SHA-256', () => {
  it("equals Node's, in whatever pieces the data arrives", async () => {
    await fc.assert(
      fc.asyncProperty(pieces, async (parts) => {
        const ours = new sha256();
        for (const part of parts) ours.update(part);
        const wanted = createHash('sha256').update(Buffer.concat(parts)).digest('hex');
        expect(Buffer.from(await ours.digest()).toString('hex')).toBe(wanted);
      }),
    );
  });

  it("equals Node's HMAC under a secret, for the same secret again and for another one after it", async () => {
    await fc.assert(
      fc.asyncProperty(pieces, secrets, secrets, async (parts, one, another) => {
        for (const secret of [one, one, another]) {
          const ours = new sha256(secret);
          for (const part of parts) ours.update(part);
          const wanted = createHmac('sha256', secret).update(Buffer.concat(parts)).digest('hex');
          expect(Buffer.from(await ours.digest()).toString('hex')).toBe(wanted);
        }
      }),
    );
  });

  it('reads only the bytes of a view, not its whole buffer', async () => {
    const ours = new sha256();
    ours.update(new Uint8Array([9, 104, 105, 9]).subarray(1, 3));
    expect(Buffer.from(await ours.digest())).toEqual(createHash('sha256').update('hi').digest());
  });
});

describe('the signer of a client', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('signs each request with the date and the credentials of its time', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-01-01T23:59:59Z') });
    const signed: string[] = [];
    const handle = (request: { headers: Record<string, string> }) => {
      signed.push(request.headers['authorization'] ?? '');
      return Promise.resolve({ response: { statusCode: 200, headers: {}, body: Buffer.from('{}') } });
    };
    let accessKeyId = 'first';
    const client = makeDynamoClient({
      region: 'eu-west-1',
      credentials: () => Promise.resolve({ accessKeyId, secretAccessKey: 's', expiration: new Date() }),
      requestHandler: { handle } as never,
    });
    const command = new GetItemCommand({ TableName: 't', Key: { pk: { S: 'k' } } });
    await client.send(command);
    vi.setSystemTime(new Date('2026-01-02T00:00:01Z'));
    accessKeyId = 'second';
    await client.send(command);
    expect(signed).toEqual([
      expect.stringContaining('Credential=first/20260101/eu-west-1/dynamodb/aws4_request'),
      expect.stringContaining('Credential=second/20260102/eu-west-1/dynamodb/aws4_request'),
    ]);
  });
});
