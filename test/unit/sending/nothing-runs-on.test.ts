/** Lambda freezes the process with its answer: what is still being read then would go on in a later invocation. */
import { describe, expect, it } from 'vitest';
import type { Link } from '../../support/fakes/link.ts';
import { sampleRequest, sampleSession } from '../../support/fakes/samples.ts';
import { makeWorld } from '../../support/fakes/world.ts';

const isWrite = (call: string): boolean => /create|replace/.test(call);

/** A link that counts what is under way over it, with writes that overtake reads. */
function slowReads() {
  let underWay = 0;
  const link: Link = async (call, apply) => {
    underWay += 1;
    try {
      await new Promise((resolve) => setTimeout(resolve, isWrite(call) ? 0 : 20));
      return apply();
    } finally {
      underWay -= 1;
    }
  };
  return { link, underWay: () => underWay };
}

describe('when a send is answered', () => {
  it.each([
    ['as a replay', {}],
    ['as a messageId of another request', { text: 'another text' }],
  ])('%s, nothing is under way any more', async (_, changes) => {
    const world = makeWorld();
    await world.sessions.create(sampleSession());
    await world.process('first').send();
    const { link, underWay } = slowReads();
    const again = world.process('second', { link });
    await again.send({ request: sampleRequest(changes) }).catch(() => undefined);
    expect(underWay()).toBe(0);
  });
});
