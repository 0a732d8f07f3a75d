/** What the items of a table count as, and which counts may fall. */
import { describe, expect, it } from 'vitest';
import { type Counted, differences, namesOf } from '../../../ops/table/tally.ts';

describe('an item', () => {
  it.each<[Counted, string[]]>([
    [{ pk: 'session#254700000001#254700000002' }, ['sessions']],
    [{ pk: 'session#254700000001#254700000002', optedOut: false }, ['sessions']],
    [{ pk: 'session#254700000001#254700000002', optedOut: true }, ['sessions', 'opt-outs']],
    [{ pk: 'forgotten#ab12' }, ['erased opt-outs']],
    [{ pk: 'salt#forgotten' }, ['key of erased opt-outs']],
    [{ pk: 'salt#cursors' }, ['other items']],
    [{ pk: 'message#m1', status: 'parked' }, ['messages', 'messages.parked']],
    [{ pk: 'message#m1', status: 'sent' }, ['messages', 'messages.proven', 'messages.sent']],
    [{ pk: 'campaign#c1', state: 'running' }, ['campaigns', 'campaigns.running']],
    [{ pk: 'campaign#c1', state: 'expired' }, ['campaigns', 'campaigns.ended', 'campaigns.expired']],
    [{ pk: 'batch#c1#0' }, ['campaign batches']],
    [{ pk: 'client#00' }, ['clients']],
    [{ pk: 'client#00', revokedAt: 1 }, ['clients', 'clients.revoked']],
    [{ pk: 'raw#ab' }, ['raw callbacks']],
    [{ pk: 'orphan#ab#sent' }, ['unmatched statuses']],
    [{ pk: 'person#254700000001#KE.1' }, ['other items']],
  ])('%o counts as %j', (item, names) => {
    expect(namesOf(item)).toEqual(names);
  });
});

describe('a comparison', () => {
  it('has nothing of equal counts', () => {
    expect(differences({ messages: 2 }, { messages: 2 })).toEqual([]);
  });

  it.each(['opt-outs', 'erased opt-outs', 'messages', 'messages.proven', 'campaigns.ended', 'clients'])(
    'misses %s',
    (name) => {
      expect(differences({ [name]: 3 }, { [name]: 1 })).toEqual([{ name, before: 3, now: 1, missing: true }]);
      expect(differences({ [name]: 3 }, {})).toEqual([{ name, before: 3, now: 0, missing: true }]);
      expect(differences({ [name]: 3 }, { [name]: 4 })).toMatchObject([{ missing: false }]);
    },
  );

  it.each(['messages.queued', 'messages.sent', 'campaigns.running', 'raw callbacks', 'unmatched statuses'])(
    'shows fewer %s, which a stage at work has too',
    (name) => {
      expect(differences({ [name]: 3 }, { [name]: 1 })).toMatchObject([{ name, missing: false }]);
    },
  );
});
