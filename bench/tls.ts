/** TLS before the stand-ins, as on AWS: each connection costs a handshake. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';

export interface TlsFront {
  /** The environment of a candidate, over TLS. */
  over(environment: Record<string, string>): Promise<Record<string, string>>;
  close(): void;
}

const SUBJECT = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
const KIND = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];

/** Undefined where there is no openssl to make a certificate. */
export function startTls(): TlsFront | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'lipaflow-bench-tls-'));
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const remove = () => rmSync(folder, { recursive: true });
  try {
    const files = ['-keyout', keyFile, '-out', certFile];
    execFileSync('openssl', ['req', '-x509', ...KIND, ...SUBJECT, ...files], { stdio: 'ignore' });
  } catch {
    remove();
    return undefined;
  }
  const pair = { key: readFileSync(keyFile), cert: readFileSync(certFile) };
  const servers: { close(): unknown }[] = [];

  /** A host of its own, so that DynamoDB and SSM share no connection. */
  async function before(target: string): Promise<string> {
    const { hostname, port, pathname } = new URL(target);
    const server = createServer(pair, (near) => {
      const far = connect(Number(port), hostname);
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) socket.on('error', () => undefined);
      near.on('close', () => far.destroy());
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port: own } = server.address() as AddressInfo;
    return `https://127.0.0.1:${own}${pathname === '/' ? '' : pathname}`;
  }

  return {
    async over({ AWS_ENDPOINT_URL: aws = '', LIPACHAT_BASE_URL: lipachat = '', ...rest }) {
      return {
        ...rest,
        AWS_ENDPOINT_URL: await before(aws),
        AWS_ENDPOINT_URL_SSM: await before(aws),
        LIPACHAT_BASE_URL: await before(lipachat),
        NODE_EXTRA_CA_CERTS: certFile,
      };
    },
    close() {
      for (const server of servers) server.close();
      remove();
    },
  };
}
