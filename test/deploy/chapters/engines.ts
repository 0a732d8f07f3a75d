import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, startEmulator } from '../emulator.ts';

type Outcome = { code: number; output: string };

const contracts = (endpoint: string): Promise<Outcome> =>
  new Promise((resolve) => {
    const { PATH = '' } = process.env;
    const options = {
      cwd: ROOT,
      env: { PATH, NO_COLOR: '1', DYNAMODB_ENDPOINT: endpoint },
      timeout: 170_000,
      killSignal: 'SIGKILL',
      maxBuffer: 16 * 1024 * 1024,
    } as const;
    const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
    const args = [vitest, 'run', '--project', 'contract', '--reporter', 'verbose'];
    execFile(process.execPath, args, options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr }),
    );
  });

export const engines = (): void => {
  describe('the contracts of the stores', () => {
    it("hold on the emulator's DynamoDB, a third engine, which we did not write", {
      timeout: 180_000,
    }, async () => {
      const emulator = await startEmulator({ strict: false });
      try {
        const { code, output } = await contracts(emulator.url);
        const lines = output.split('\n');
        const failed = lines.filter((line) => line.trimStart().startsWith('×'));
        expect(failed).toEqual([]);
        expect(
          lines.filter((line) => line.includes('✓') && line.includes(emulator.url)).length,
        ).toBeGreaterThan(50);
        expect(code).toBe(0);
      } finally {
        await emulator.stop();
      }
    });
  });
};
