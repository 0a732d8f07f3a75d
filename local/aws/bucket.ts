/** The bucket of infra/bucket.yml, as far as it can exist locally. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';

// Strict: don't ignore a property that changes what a function sees, such as versions or CORS.
// The properties below make no difference on loopback. Nothing expires locally; on AWS, objects expire after days.
const properties = z.strictObject({
  OwnershipControls: z.unknown(),
  PublicAccessBlockConfiguration: z.unknown(),
  BucketEncryption: z.unknown(),
  LifecycleConfiguration: z.unknown(),
});

const template = z.object({
  Resources: z.strictObject({
    RecipientsBucket: z.strictObject({
      Type: z.literal('AWS::S3::Bucket'),
      DeletionPolicy: z.string(),
      UpdateReplacePolicy: z.string(),
      Properties: properties,
    }),
    RecipientsBucketPolicy: z.object({ Type: z.literal('AWS::S3::BucketPolicy') }),
  }),
});

/** The definition to create the bucket from. Throws if the file has a property without a local counterpart. */
export const readBucket = (name: string): { name: string } => {
  template.parse(parse(readFileSync(new URL('../../infra/bucket.yml', import.meta.url), 'utf8')));
  return { name };
};
