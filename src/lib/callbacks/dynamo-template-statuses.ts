import type { TemplateStatus } from '../lipachat/callback.ts';
import { itemCodec, prefixed } from '../platform/dynamo-codec.ts';
import { inSeconds, instant, plain } from '../platform/dynamo-fields.ts';

const RETENTION_MS = 30 * 86_400_000;

/** In a file of its own: the publisher reads these items and no other callbacks. */
export const templateStatusCodec = itemCodec<TemplateStatus, 'id'>({
  key: 'id',
  ...prefixed<string>('template-status#'),
  fields: { templateId: plain, templateName: plain, status: plain, at: instant },
  derived: { expires: ({ at }) => inSeconds(new Date(at.getTime() + RETENTION_MS)) },
});
