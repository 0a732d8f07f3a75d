/** `npm run ops -- <verb>`: the operator's commands, for deployed stages and the local system. */
import { enableCompileCache } from 'node:module';

// Loading the AWS clients takes most of a command's time. From the second command on, they are compiled already.
enableCompileCache();
const { run } = await import('./cli.ts');
process.exitCode = await run(process.argv.slice(2), process);
