/** `npm run ops -- <verb>`: what an operator does with a stack, the local one too. */
import { enableCompileCache } from 'node:module';

// The AWS clients are most of a command's time; the second command has them compiled already.
enableCompileCache();
const { run } = await import('./cli.ts');
process.exitCode = await run(process.argv.slice(2), process);
