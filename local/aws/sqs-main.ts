/**
 * SQS and S3 as their own process, for fault tests. RECIPIENTS_BUCKET names the bucket.
 * SQS_PORT (default 0: any free port); SQS_VISIBILITY_SECONDS and SQS_MAX_RECEIVES override those of infra/.
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
// With an IPC channel, the parent's end must end this process too.
process.on('disconnect', end);
