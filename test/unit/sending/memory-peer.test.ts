import { Agent } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { makeMemoryPeer } from '../../../src/lib/wiring/memory-peer.ts';

let agent: Agent;
afterEach(() => agent.destroy());

function opened(answer: (request: string) => object) {
  const peer = makeMemoryPeer(answer);
  agent = new Agent({ connect: peer.connect });
  const post = async (body: string) => {
    const response = await agent.request({ origin: 'https://peer.test', path: '/a', method: 'POST', body });
    return response.body.json();
  };
  return { ...peer, post };
}

describe('a peer in memory', () => {
  it('answers each request on its connections, and sees its head and body', async () => {
    const { post } = opened((request) => ({ request }));
    for (const body of ['one', 'two']) {
      const { request } = (await post(body)) as { request: string };
      expect(request).toMatch(/^POST \/a HTTP\/1\.1\r\n/);
      expect(request.endsWith(`\r\n\r\n${body}`)).toBe(true);
    }
  });

  it('fails the request that it has no answer to, and no other', async () => {
    const { post } = opened((request) => {
      if (request.endsWith('bad')) throw new Error('x');
      return { ok: true };
    });
    await expect(post('bad')).rejects.toThrow('no answer');
    expect(await post('good')).toEqual({ ok: true });
  });

  it('has no more connections once it is closed', async () => {
    const { post, close } = opened(() => ({}));
    expect(await post('')).toEqual({});
    await close();
    await expect(post('')).rejects.toThrow('the peer is closed');
  });
});
