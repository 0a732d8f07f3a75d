import { describe, expect, it } from 'vitest';
import { assertMayRead, s3Uri } from '../../../../src/lib/campaigns/plan/source.ts';

const OWN = 'lipaflow-recipients';
const LISTED = ['s3://crm-exports/whatsapp/', 's3://shared/'];

const mayRead = (caller: Parameters<typeof assertMayRead>[0], text: string): boolean => {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.*)$/.exec(text) ?? [];
  try {
    assertMayRead(caller, { bucket, key }, OWN);
    return true;
  } catch (fault) {
    expect(fault).toMatchObject({ code: 'invalid-request', errors: [{ path: 'recipients.s3' }] });
    return false;
  }
};

describe('a client whose sources are listed', () => {
  const client = { recipientSources: LISTED };

  it.each([
    's3://crm-exports/whatsapp/a.csv',
    's3://crm-exports/whatsapp/2026/b.csv.gz',
    's3://shared/c.csv',
  ])('may name %s', (object) => {
    expect(mayRead(client, object)).toBe(true);
  });

  it.each([
    ...['s3://crm-exports/a.csv', 's3://crm-exports/whatsapp', 's3://crm-exports/whatsapp-of-another/a.csv'],
    ...['s3://crm-exports-2/whatsapp/a.csv', 's3://shared-2/c.csv', `s3://${OWN}/a.csv`],
    ...['s3://crm-exports/whatsapp/../a.csv', 's3://crm-exports/whatsapp/./a.csv', 's3://shared//a.csv'],
    's3://crm-exports/whatsapp/..',
  ])('may not name %s', (object) => {
    expect(mayRead(client, object)).toBe(false);
  });
});

describe('a client with numbers or a namespace, and no list,', () => {
  it('may name no object', () => {
    const limited = [{ numbers: ['254110090747'] }, { namespaceKey: 'key' }, { recipientSources: [] }];
    for (const client of limited) expect(mayRead(client, 's3://crm-exports/whatsapp/a.csv')).toBe(false);
  });
});

describe('any other caller', () => {
  it('may name what the stack may read', () => {
    for (const object of ['s3://crm-exports/a.csv', `s3://${OWN}/imports/a.csv`, 's3://crm/plans/a.csv'])
      expect(mayRead({}, object)).toBe(true);
  });
});

describe('what the stack keeps of campaigns', () => {
  it.each(['uploads/a/b.csv', 'schedules/a/inline-c.jsonl', 'plans/a/b/0-c'])(
    'is for no caller: %s',
    (key) => {
      for (const caller of [{}, { recipientSources: [`s3://${OWN}/`] }])
        expect(mayRead(caller, `s3://${OWN}/${key}`)).toBe(false);
    },
  );
});

it('is named in well-formed Unicode', () => {
  expect(s3Uri.safeParse('s3://crm-exports/\ud83e\udd8a.csv').success).toBe(true);
  expect(s3Uri.safeParse('s3://crm-exports/\ud83e.csv').success).toBe(false);
});
