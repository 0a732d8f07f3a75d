import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, Random } from './ports.ts';

export const systemClock: Clock = {
  now: () => new Date(),
  sleep: (ms) => sleep(ms),
};

export const systemRandom: Random = {
  uuid: () => randomUUID(),
  key: () => randomBytes(16).toString('base64url'),
  fraction: () => Math.random(),
};
