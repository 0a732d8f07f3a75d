/**
 * SQS and S3 as a process of its own, for fault tests. RECIPIENTS_BUCKET names the bucket.
 * SQS_PORT (default 0, any free one), SQS_VISIBILITY_SECONDS and SQS_MAX_RECEIVES instead of those of infra/.
 * Prints one line, `sqs http://127.0.0.1:PORT`, when it is ready.
 */
import { startSqs } from './sqs.ts';

const { SQS_PORT = '0', RECIPIENTS_BUCKET: bucketName = 'lipaflow-recipients' } = process.env;
const { SQS_VISIBILITY_SECONDS: visibility, SQS_MAX_RECEIVES: receives } = process.env;

const sqs = await startSqs({
  port: Number(SQS_PORT),
  bucketName,
  visibilityTimeoutSeconds: visibility ? Number(visibility) : undefined,
  maxReceiveCount: receives ? Number(receives) : undefined,
});
console.log(`sqs ${sqs.url}`);

const end = (): void => process.exit(0);
process.on('SIGINT', end);
process.on('SIGTERM', end);
// With an IPC channel there is a parent that wants to outlive us: when it is gone, so are we.
process.on('disconnect', end);
