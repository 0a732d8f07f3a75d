import { beforeEach, describe, expect, it } from 'vitest';
import { type FindQuoted, makeFindQuoted } from '../../../src/lib/callbacks/quoted-message.ts';
import { sentIdsOf } from '../../../src/lib/messages/gateway-message-id.ts';
import { waKeyOf } from '../../../src/lib/messages/message.ts';
import type { Aliased } from '../../../src/lib/messages/ports.ts';
import { type FakeAliases, fakeAliases } from '../../support/fakes/aliases.ts';
import { manualClock } from '../../support/fakes/clock.ts';
import { idOf, NOW, sampleMessage } from '../../support/fakes/samples.ts';
import { type FakeMessages, fakeMessages } from '../../support/fakes/stores.ts';

const ID = idOf('m-1');
const TEMPLATE = 'template-1';
const flow = sampleMessage({
  messageId: ID,
  waId: 'wamid.1',
  resends: 1,
  retiredWaIds: ['wamid.0'],
  resendIds: { 1: 'resend-1' },
  templateMessage: { messageId: TEMPLATE, state: 'sent', waId: 'wamid.t' },
});

let messages: FakeMessages;
let aliases: FakeAliases;
let findQuoted: FindQuoted;
beforeEach(async () => {
  messages = fakeMessages(manualClock(NOW));
  aliases = fakeAliases();
  findQuoted = makeFindQuoted({ messages, aliases });
  await messages.create(flow);
});

const found = async (id: string) => {
  const quoted = await findQuoted(id);
  return quoted && (quoted.flow?.value.messageId ?? 'no flow');
};

describe('a quoted id', () => {
  const [, second = ''] = sentIdsOf(flow);

  it('names a flow by our messageId and by WhatsApp’s id of the latest send', async () => {
    expect(await Promise.all([ID, 'wamid.1'].map(found))).toEqual([ID, ID]);
  });

  it.each<[string, string, Aliased['of'], string]>([
    ['WhatsApp’s id of an earlier send', waKeyOf('wamid.0'), 'flow', 'wamid.0'],
    ['the id of a resend', second, 'flow', second],
    ['the id of a resend, kept by version 0.1', second, undefined, second],
  ])('names a flow by %s', async (_name, alias, of, id) => {
    await aliases.keep(alias, { messageId: ID, of });
    expect(await found(id)).toBe(ID);
  });

  it.each<[string, string, Aliased['of'], string]>([
    ['WhatsApp’s id', waKeyOf('wamid.t'), 'template', 'wamid.t'],
    ['WhatsApp’s id, kept by version 0.1', waKeyOf('wamid.t'), undefined, 'wamid.t'],
    ['our id', TEMPLATE, 'template', TEMPLATE],
    ['our id, kept by version 0.1', TEMPLATE, undefined, TEMPLATE],
  ])('names no flow, but a template message, by %s', async (_name, alias, of, id) => {
    await aliases.keep(alias, { messageId: ID, of });
    expect(await found(id)).toBe('no flow');
  });

  it('names no flow if its message is gone', async () => {
    await aliases.keep(waKeyOf('wamid.0'), { messageId: ID, of: 'flow' });
    await messages.drop(ID);
    expect(await found('wamid.0')).toBe('no flow');
  });

  it('names nothing of ours', async () => {
    expect(await Promise.all(['wamid.2', 'own-1', '?'].map(found))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
