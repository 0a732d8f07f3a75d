/** Preloaded into every process that a test starts: it ends with the test, also when that one is killed. */
process.on('disconnect', () => process.exit());
// A listener alone would keep the process alive for as long as the test lives.
process.channel?.unref();
