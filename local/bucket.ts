/** The bucket as infra/bucket.yml defines it, as far as a local one has it. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';

// Strict: a property that would change what a function sees, versions or CORS for one, is not to be passed over.
// What is here is of no consequence on loopback; nothing expires, as on AWS nothing does before its day.
const properties = z.strictObject({
  OwnershipControls: z.unknown(),
  PublicAccessBlockConfiguration: z.unknown(),
  BucketEncryption: z.unknown(),
  LifecycleConfiguration: z.unknown(),
});

const template = z.object({
  Resources: z.strictObject({
    RecipientsBucket: z.strictObject({ Type: z.literal('AWS::S3::Bucket'), Properties: properties }),
    RecipientsBucketPolicy: z.object({ Type: z.literal('AWS::S3::BucketPolicy') }),
  }),
});

/** What creates the bucket under `name`. Throws when the file has a property that has no local counterpart. */
export const readBucket = (name: string): { name: string } => {
  template.parse(parse(readFileSync(new URL('../infra/bucket.yml', import.meta.url), 'utf8')));
  return { name };
};
