/**
 * The emulated HTTP API under an address of its own. On AWS the host name selects the API. Here that name does not
 * resolve, so calls are passed on with it as their Host header, byte for byte.
 */
import { createServer } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Emulator } from './emulator.ts';

export type FrontDoor = {
  url: string;
  /** Selects the API behind it from now on. */
  leadTo: (apiId: string) => void;
  close: () => Promise<void>;
};

export const openFrontDoor = async ({ port, certificate }: Emulator): Promise<FrontDoor> => {
  let host = '';
  const server = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    // The certificate is for localhost, not for the Host header.
    const tls = { host: 'localhost', servername: 'localhost', port, ca: certificate };
    const onward = request(
      { ...tls, method, path: url, headers: { ...headers, host }, timeout: 35_000 },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.once('timeout', () => onward.destroy(new Error('no answer')));
    onward.once('error', (error) => outgoing.writeHead(502).end(String(error)));
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo: (apiId) => {
      host = `${apiId}.execute-api.localhost:${port}`;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
