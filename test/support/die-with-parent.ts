/** Preloaded into every process that a test starts: it ends with the test, also when that one is killed. */
import { flushCompileCache } from 'node:module';

const LOADED_MS = 1_500;

process.on('disconnect', () => process.exit());
// A listener alone would keep the process alive for as long as the test lives.
process.channel?.unref();
// By itself Node writes its cache when a process exits, and tests end theirs by SIGKILL.
setTimeout(() => flushCompileCache?.(), LOADED_MS).unref();
