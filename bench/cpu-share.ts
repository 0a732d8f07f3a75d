/** A process's share of a CPU, as Lambda limits it after init, by Linux's control groups of either version. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Lambda gives a function one vCPU at this memory size, and less in proportion. */
const MB_OF_ONE_CPU = 1_769;
/** Short, so that a function waits for its next share for milliseconds, not for a tenth of a second. */
const PERIOD_US = 20_000;
const ROOT = '/sys/fs/cgroup';

export interface CpuShare {
  /** The file by which a process enters the group; undefined if the machine can't limit it. */
  readonly procs: string | undefined;
  /** In words, for the page. */
  readonly told: string;
  /** Removes the group. Its processes have to have ended. */
  close(): Promise<void>;
}

function fill(group: string, quota: number): void {
  if (existsSync(`${ROOT}/cgroup.controllers`)) {
    writeFileSync(`${group}/cpu.max`, `${quota} ${PERIOD_US}`);
    return;
  }
  writeFileSync(`${group}/cpu.cfs_period_us`, String(PERIOD_US));
  writeFileSync(`${group}/cpu.cfs_quota_us`, String(quota));
}

async function remove(group: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    if (readFileSync(`${group}/cgroup.procs`, 'utf8') === '') return rmdirSync(group);
    await sleep(20);
  }
}

export function cpuShareOf(memoryMb: number): CpuShare {
  const share = memoryMb / MB_OF_ONE_CPU;
  const parent = existsSync(`${ROOT}/cgroup.controllers`) ? ROOT : `${ROOT}/cpu`;
  const group = `${parent}/lipaflow-bench-${process.pid}`;
  try {
    mkdirSync(group);
    fill(group, Math.round(share * PERIOD_US));
  } catch (fault) {
    const { code = 'no control groups' } = fault as { code?: string };
    const told = `This machine can't limit a process's CPU (${code}): the rows "limited" are missing.`;
    return { procs: undefined, told, close: () => Promise.resolve() };
  }
  return {
    procs: `${group}/cgroup.procs`,
    told: `Limited: ${share.toFixed(2)} of a CPU after init, Lambda's share at ${memoryMb} MB.`,
    close: () => remove(group),
  };
}
