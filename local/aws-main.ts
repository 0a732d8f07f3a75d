/**
 * The AWS stand-in as a process of its own, for fault tests.
 * AWS_PORT (default 0, any free one), TABLE_NAME, LIPAFLOW_PARAMETERS (a JSON map of names to values).
 * Prints one line, `aws http://127.0.0.1:PORT`, when it is ready.
 */
import * as z from 'zod';
import { startAws } from './aws.ts';

const { AWS_PORT = '0', TABLE_NAME = 'lipaflow-local', LIPAFLOW_PARAMETERS = '{}' } = process.env;
const parameters = z.record(z.string(), z.string()).parse(JSON.parse(LIPAFLOW_PARAMETERS));

const aws = await startAws({ port: Number(AWS_PORT), tableName: TABLE_NAME, parameters });
console.log(`aws ${aws.url}`);

const end = (): void => process.exit(0);
process.on('SIGINT', end);
process.on('SIGTERM', end);
// With an IPC channel there is a parent that wants to outlive us: when it is gone, so are we.
process.on('disconnect', end);
