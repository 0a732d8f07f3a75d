/** The ids of a message's sends: stored ones, and those that version 0.1 derived. */
import { describe, expect, it } from 'vitest';
import {
  askedAgainUnder,
  gatewayMessageIdOf,
  isTemplateId,
  otherIdsOf,
  resentUnder,
  sentIdsOf,
  templateIdOf01,
} from '../../../src/lib/messages/gateway-message-id.ts';
import { idOf, sampleMessage } from '../../support/fakes/samples.ts';

const ID = idOf('m-1');
/** As version 0.1 derived them for `m-1`. */
const OF_0_1 = {
  resends: ['86ab1e62-3b21-8953-ab0c-1b961155838f', '38bc4499-dd05-8088-a245-f400c231b927'],
  templates: ['b00c3aba-7c79-803d-a113-59ae657e562b', '74cc4fac-bb14-8017-aad5-4509466bec89'],
} as const;
const [resend1, resend2] = OF_0_1.resends;
const [template0, template1] = OF_0_1.templates;

describe('the ids of a flow', () => {
  it.each([
    ['its messageId, for the first send', {}, ['m-1']],
    ['the ids that 0.1 derived', { resends: 2 }, ['m-1', resend1, resend2]],
    ['the stored ids', { resends: 2, resendIds: { 1: 'a', 2: 'b' } }, ['m-1', 'a', 'b']],
    ['an id of 0.1, then a stored one', { resends: 2, resendIds: { 2: 'b' } }, ['m-1', resend1, 'b']],
    ['a stored id, then one of 0.1', { resends: 2, resendIds: { 1: 'a' } }, ['m-1', 'a', resend2]],
  ])('are %s', (_, sends, ids) => {
    const message = sampleMessage({ messageId: ID, ...sends });
    expect(sentIdsOf(message)).toEqual(ids);
    expect(gatewayMessageIdOf(message)).toBe(ids.at(-1));
    expect(otherIdsOf(message)).toEqual(ids.slice(1));
  });

  it('get a stored one for each resend', () => {
    const first = resentUnder('a', {});
    expect(first).toEqual({ resends: 1, resendIds: { 1: 'a' } });
    expect(resentUnder('b', first)).toEqual({ resends: 2, resendIds: { 1: 'a', 2: 'b' } });
    expect(resentUnder('b', { resends: 1 })).toEqual({ resends: 2, resendIds: { 2: 'b' } });
    const of01 = resentUnder(undefined, {});
    expect(sentIdsOf({ messageId: ID, ...of01 })).toEqual(['m-1', resend1]);
  });
});

describe('the ids of a template message', () => {
  const templateMessage = { messageId: 'now', state: 'sent' } as const;
  const idsOf = (changes: object) =>
    otherIdsOf(sampleMessage({ messageId: ID, templateMessage: { ...templateMessage, ...changes } }));

  it.each([
    ['the current one', {}, ['now']],
    ['those that 0.1 derived', { resends: 2 }, [template0, template1, 'now']],
    ['stored ones', { resends: 2, earlierIds: { 0: 'a', 1: 'b' } }, ['a', 'b', 'now']],
    ['both', { resends: 2, earlierIds: { 1: 'b' } }, [template0, 'b', 'now']],
  ])('are %s', (_, changes, ids) => {
    expect(idsOf(changes)).toEqual(ids);
    const message = sampleMessage({ messageId: ID, templateMessage: { ...templateMessage, ...changes } });
    for (const id of ids) expect(isTemplateId(message, id)).toBe(true);
    for (const id of ['m-1', resend1, 'other']) expect(isTemplateId(message, id)).toBe(false);
  });

  it('are those of 0.1 as long as it may come back', () => {
    expect(templateIdOf01(ID)).toBe(template0);
    const again = askedAgainUnder(undefined, ID, { ...templateMessage, messageId: template0 });
    expect(again).toEqual({ messageId: template1, resends: 1, earlierIds: { 0: template0 } });
    expect(idsOf(again)).toEqual([template0, template1]);
  });

  it('keep the earlier ones beside a new one', () => {
    const again = askedAgainUnder('next', ID, templateMessage);
    expect(again).toEqual({ messageId: 'next', resends: 1, earlierIds: { 0: 'now' } });
    const twice = askedAgainUnder('last', ID, { ...templateMessage, ...again });
    expect(twice).toEqual({ messageId: 'last', resends: 2, earlierIds: { 0: 'now', 1: 'next' } });
  });

  it('are none without one', () => {
    expect(otherIdsOf(sampleMessage({ messageId: ID }))).toEqual([]);
    expect(isTemplateId(sampleMessage({ messageId: ID }), template0)).toBe(false);
  });
});
