/** `npm run simulate -- --sends 1000 --latency 0.8 …`: one deployment under a load, by arithmetic. `--help` lists the flags. */
import { BadArgument, readArguments } from './arguments.ts';
import { figuresOf, reportOf } from './report.ts';
import { simulate } from './run.ts';

async function main(): Promise<void> {
  const asked = readArguments(process.argv.slice(2));
  if (asked.kind === 'help') return console.log(asked.text);
  if (asked.kind === 'local') {
    const { compareWithLocal } = await import('./local/compare.ts');
    process.exitCode = (await compareWithLocal(asked.sends)) ? 0 : 1;
    return;
  }
  const result = simulate(asked.settings);
  console.log(asked.isJson ? JSON.stringify(figuresOf(result), undefined, 2) : reportOf(result));
}

try {
  await main();
} catch (error) {
  if (!(error instanceof BadArgument)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
