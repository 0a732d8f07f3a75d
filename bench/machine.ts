import { cpus, release, totalmem } from 'node:os';

/** The machine that the figures come from, in one line. */
export function machine(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() || 'unknown';
  const gib = Math.round(totalmem() / 2 ** 30);
  const system = `${process.platform} ${release()}, ${process.arch}`;
  return `${processors.length} × ${model}, ${gib} GiB, ${system}, Node ${process.versions.node}`;
}
