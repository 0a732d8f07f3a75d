/** What lies between a frozen process and the world: connections that can be lost while it doesn't see it. */

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

/**
 * `kept`: they live on. `dropped`: the other side closes them. `reset`: the same without a farewell. `blackholed`: they
 * look alive, and whatever is sent over them is lost, as when a router forgets them.
 */
export const LOSSES = ['kept', 'dropped', 'reset', 'blackholed'] as const;
export type Loss = (typeof LOSSES)[number];

export type Wire = {
  /** Like the address behind it, with another host. */
  url: string;
  /** What becomes of the connections that are open now. Later ones are sound. */
  lose: (loss: Loss) => void;
  /** How many connections there were so far. */
  connections: () => number;
  close: () => void;
};

type Line = { near: Socket; far: Socket };

const END: Record<Loss, (line: Line) => void> = {
  kept: () => {},
  dropped: ({ near, far }) => {
    near.unpipe(far).end();
    far.destroy();
  },
  reset: ({ near, far }) => {
    near.resetAndDestroy();
    far.destroy();
  },
  blackholed: ({ near, far }) => {
    near.unpipe(far);
    far.unpipe(near).destroy();
    near.resume();
  },
};

/** A proxy on loopback before the host of `target`. */
const startWire = async (target: string): Promise<Wire> => {
  const { hostname, port, pathname } = new URL(target);
  const lines = new Set<Line>();
  let count = 0;
  const server = createServer((near) => {
    const line = { near, far: connect(Number(port), hostname) };
    count += 1;
    lines.add(line);
    near.pipe(line.far).pipe(near);
    for (const socket of [near, line.far]) socket.on('error', () => undefined);
    near.on('close', () => {
      lines.delete(line);
      line.far.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: own } = server.address() as AddressInfo;
  const path = pathname === '/' ? '' : pathname;
  return {
    url: `http://127.0.0.1:${own}${path}`,
    lose: (loss) => {
      for (const line of lines) END[loss](line);
      if (loss !== 'kept') lines.clear();
    },
    connections: () => count,
    close: () => {
      for (const { near } of lines) near.destroy();
      server.close();
    },
  };
};

/** One wire for each host that the environment of a function names: the same environment, over them. */
export const wired = async (environment: Record<string, string>) => {
  const wires = new Map<string, Wire>();
  const over: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (!value.startsWith('http://127.0.0.1:')) continue;
    const { origin, pathname } = new URL(value);
    const wire = wires.get(origin) ?? (await startWire(origin));
    wires.set(origin, wire);
    over[name] = wire.url + (pathname === '/' ? '' : pathname);
  }
  const all = [...wires.values()];
  return {
    environment: { ...environment, ...over },
    lose: (loss: Loss) => {
      for (const wire of all) wire.lose(loss);
    },
    connections: () => all.reduce((sum, wire) => sum + wire.connections(), 0),
    close: () => {
      for (const wire of all) wire.close();
    },
  };
};
