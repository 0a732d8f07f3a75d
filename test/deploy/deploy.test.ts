import { afterAll, beforeAll } from 'vitest';
import { access } from './chapters/access.ts';
import { campaigns } from './chapters/campaigns.ts';
import { changes } from './chapters/changes.ts';
import { deployment } from './chapters/deployment.ts';
import { docs } from './chapters/docs.ts';
import { engines } from './chapters/engines.ts';
import { events } from './chapters/events.ts';
import { release } from './chapters/release.ts';
import { removal } from './chapters/removal.ts';
import { sending } from './chapters/sending.ts';
import { upgrade } from './chapters/upgrade.ts';
import { printLimits } from './limits.ts';
import { removeScratch } from './scratch.ts';
import { type System, startSystem } from './system.ts';

let running: System | undefined;
const system = (): System => {
  if (running === undefined) throw new Error('nothing is running');
  return running;
};

beforeAll(async () => {
  running = await startSystem();
});
afterAll(async () => {
  await running?.close();
  removeScratch();
  printLimits();
});

// The order matters: each chapter builds on the state that the earlier ones leave.
deployment(system);
access(system);
docs(system);
sending(system);
events(system);
campaigns(system);
changes(system);
release(system);
upgrade(system);
removal(system);
engines();
