/** A bundle in a process that has loaded nothing else, TypeScript above all: as much memory as it takes in Lambda. */
const { handler } = require(process.argv[2]);

process.on('message', async (event) => {
  process.send({ answer: await handler(event) });
});
process.send({ ready: true });
