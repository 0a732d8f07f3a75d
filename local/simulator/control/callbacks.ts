import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { errorCode } from '../codes.ts';
import { type Answer, jsonAnswer } from '../http.ts';
import { statusShape, statusWord } from '../settings.ts';
import type { World } from '../world.ts';
import { type ControlRequest, callTimes, repeats } from './request.ts';

const arbitraryCallback = z.strictObject({
  body: z.unknown().refine((body) => body !== undefined, 'required'),
  headers: z.record(z.string(), z.string().nullable()).default({}),
  ...repeats,
});

/** A callback with any body and headers. */
export async function sendCallback(world: World, request: ControlRequest): Promise<Answer> {
  const callback = arbitraryCallback.parse(request.body);
  const body = typeof callback.body === 'string' ? callback.body : JSON.stringify(callback.body);
  const webhook = await callTimes(() => world.webhook.call(body, callback.headers), callback);
  return jsonAnswer(200, { webhook });
}

const messageStatus = z.strictObject({
  status: statusWord,
  shape: statusShape.default('flat'),
  statusDesc: z.string().optional(),
  errorCode: errorCode.optional(),
  useWaIdOnly: z.boolean().default(false),
  extra: z.record(z.string(), z.unknown()).default({}),
  ...repeats,
});

/** A status callback for a delivered message. */
export async function reportStatus(world: World, { subject, body }: ControlRequest): Promise<Answer> {
  const { useWaIdOnly, repeat, concurrent, ...said } = messageStatus.parse(body);
  const delivery = world.conversation.find(subject);
  if (delivery === undefined) return jsonAnswer(404, { error: 'no such message was delivered' });
  const call = world.callbacks.reporter(delivery, { ...said, withoutMessageId: useWaIdOnly });
  return jsonAnswer(200, { webhook: await callTimes(call, { repeat, concurrent }) });
}

const templateStatus = z.strictObject({
  status: z.string().min(1).default('APPROVED'),
  templateId: z.string().min(1).optional(),
  statusDescription: z.string().optional(),
  ...repeats,
});

/** A template's status callback. It announces only: `templates` in the settings decides which may be sent. */
export async function reportTemplate(world: World, { subject, body }: ControlRequest): Promise<Answer> {
  const said = templateStatus.parse(body);
  const callback = {
    event: 'TEMPLATE_STATUS',
    templateStatus: {
      status: said.status,
      templateId: said.templateId ?? randomUUID(),
      templateName: subject,
      statusDescription: said.statusDescription ?? `Template ${said.status.toLowerCase()}`,
    },
  };
  const webhook = await callTimes(() => world.webhook.call(JSON.stringify(callback)), said);
  return jsonAnswer(200, { webhook });
}
