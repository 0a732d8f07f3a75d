/** The conditions under which a send is measured, beside the plain ones. */
import { type CpuShare, cpuShareOf } from './cpu-share.ts';
import type { GatewayStub } from './gateway.ts';
import { startTls, type TlsFront } from './tls.ts';
import { memoryOf, type World } from './world.ts';

export interface Condition {
  /** In words, for the tables; empty for the plain one. */
  readonly name: string;
  /** Of both candidates. */
  readonly environment: Record<string, string>;
  readonly procs?: string | undefined;
}

export interface Conditions {
  readonly plain: Condition;
  /** Those of `limited` and `overTls` that the machine can have. */
  readonly all: readonly Condition[];
  /** What to know about them, in words. */
  readonly told: readonly string[];
  close(): Promise<void>;
}

const NO_TLS = 'There is no openssl here to make a certificate: the rows "TLS" are missing.';
const TLS = 'TLS: DynamoDB, SSM and LipaChat are reached over TLS, each at a host of its own.';

export async function makeConditions(world: World, gateway: GatewayStub): Promise<Conditions> {
  const environment = { LIPACHAT_BASE_URL: gateway.baseUrl };
  const share: CpuShare = cpuShareOf(memoryOf('sendFlow'));
  const tls: TlsFront | undefined = startTls();
  const plain = { name: '', environment };
  const limited = share.procs ? [{ name: 'limited', environment, procs: share.procs }] : [];
  const own = { AWS_ENDPOINT_URL: world.aws.url, ...environment };
  const overTls = tls ? [{ name: 'TLS', environment: await tls.over(own) }] : [];
  return {
    plain,
    all: [plain, ...limited, ...overTls],
    told: [share.told, tls ? TLS : NO_TLS],
    async close() {
      tls?.close();
      await share.close();
    },
  };
}
