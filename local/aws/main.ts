/**
 * The AWS stand-in as its own process, for fault tests.
 * AWS_PORT (default 0: any free port), TABLE_NAME, LIPAFLOW_PARAMETERS (a JSON map of names to values).
 * Prints one line, `aws http://127.0.0.1:PORT`, when it is ready.
 */
import * as z from 'zod';
import { startAws } from './server.ts';

const { AWS_PORT = '0', TABLE_NAME = 'lipaflow-local', LIPAFLOW_PARAMETERS = '{}' } = process.env;
const parameters = z.record(z.string(), z.string()).parse(JSON.parse(LIPAFLOW_PARAMETERS));

const aws = await startAws({ port: Number(AWS_PORT), tableName: TABLE_NAME, parameters });
console.log(`aws ${aws.url}`);

const end = (): void => process.exit(0);
process.on('SIGINT', end);
process.on('SIGTERM', end);
// With an IPC channel, the parent's end must end this process too.
process.on('disconnect', end);
