import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance, Clock } from './ports.ts';

export const systemClock: Clock = {
  now: () => new Date(),
  sleep: (ms) => sleep(ms),
};

export const systemChance: Chance = {
  uuid: () => randomUUID(),
  fraction: () => Math.random(),
};
