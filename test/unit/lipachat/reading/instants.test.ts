/** The rule: a stamp in any form is read, and what is not exact is the latest instant that it may mean. */
import { describe, expect, it } from 'vitest';
import { instantIn } from '../../../../src/lib/lipachat/reading/instants.ts';

const AT = '2026-11-24T10:00:00.000Z';
const seconds = Date.parse(AT) / 1_000;
const read = (stamp: unknown) => instantIn(stamp)?.toISOString();

describe('an instant is read exactly from', () => {
  it.each<[string, unknown]>([
    ['seconds', seconds],
    ['seconds as text', String(seconds)],
    ['seconds with a plus and blanks', ` +${seconds} `],
    ['seconds in groups', '1 795 514 400'],
    ['seconds with a fraction', `${seconds}.000999`],
    ['seconds as Java prints a double', '1.7955144E9'],
    ['milliseconds', seconds * 1e3],
    ['milliseconds as text', `${seconds}000`],
    ['microseconds', seconds * 1e6],
    ['microseconds as text', `${seconds}000000`],
    ['nanoseconds as text', `${seconds}000000000`],
    ['.NET’s JSON', `/Date(${seconds}000)/`],
    ['ISO 8601', AT],
    ['ISO 8601 without a fraction', '2026-11-24T10:00:00Z'],
    ['ISO 8601 without seconds', '2026-11-24T10:00Z'],
    ['ISO 8601 in lower case', '2026-11-24t10:00:00z'],
    ['ISO 8601 with nine digits of a fraction', '2026-11-24T10:00:00.000625016Z'],
    ['ISO 8601 with a comma', '2026-11-24T10:00:00,000Z'],
    ['ISO 8601 with a zone', '2026-11-24T13:00:00+03:00'],
    ['ISO 8601 with a zone without a colon', '2026-11-24T13:00:00.000+0300'],
    ['ISO 8601 with a zone of hours', '2026-11-24T13:00:00+03'],
    ['ISO 8601 with a zone in the west', '2026-11-24T05:00:00-05:00'],
    ['ISO 8601 with half an hour', '2026-11-24T15:30:00+05:30'],
    ['ISO 8601 with a blank', '2026-11-24 10:00:00Z'],
    ['ISO 8601 with blanks', '2026-11-24 13:00:00 +03:00'],
    ['ISO 8601 without separators', '20261124T100000Z'],
    ['Java’s ZonedDateTime', '2026-11-24T13:00:00+03:00[Africa/Nairobi]'],
    ['SQL', '2026-11-24 10:00:00 UTC'],
    ['slashes and a zone', '2026/11/24 10:00:00 GMT'],
    ['RFC 1123', 'Tue, 24 Nov 2026 10:00:00 GMT'],
    ['RFC 1123 with a zone', 'Tue, 24 Nov 2026 13:00:00 +0300'],
    ['RFC 1123 without the day', '24 Nov 2026 10:00 UTC'],
    ['Java’s Date', 'Tue Nov 24 13:00:00 EAT 2026'],
    ['Java’s Date in UTC', 'Tue Nov 24 10:00:00 UTC 2026'],
    ['JavaScript’s Date', 'Tue Nov 24 2026 13:00:00 GMT+0300 (East Africa Time)'],
    ['words of a form', 'November 24th, 2026 10:00 AM UTC'],
    ['protobuf’s timestamp', { seconds, nanos: 1 }],
    ['protobuf’s timestamp with text', { seconds: String(seconds), nanos: 0 }],
    ['Java’s Instant', { epochSecond: seconds, nano: 0 }],
    ['MongoDB’s date', { $date: AT }],
    ['MongoDB’s date with the type of its number', { $date: { $numberLong: String(Date.parse(AT)) } }],
    ['JSON text', JSON.stringify({ seconds })],
    ['a list of one', [seconds]],
  ])('%s', (_, stamp) => {
    expect(read(stamp)).toBe(AT);
  });
});

/** Half a day behind UTC is the last zone in which it is that time. */
const LATEST = '2026-11-24T22:00:00.000Z';

describe('a time without a zone is that of the last zone in which it is', () => {
  it.each<[string, unknown, string?]>([
    ['ISO 8601', '2026-11-24T10:00:00'],
    ['LipaChat’s envelope', '2026-11-24T10:00:00.625016916', '2026-11-24T22:00:00.625Z'],
    ['a blank', '2026-11-24 10:00:00'],
    ['slashes', '2026/11/24 10:00:00'],
    ['dots', '24.11.2026 10:00'],
    ['dashes, day first', '24-11-2026 10:00'],
    ['slashes, day first', '24/11/2026 10:00:00'],
    ['slashes, month first', '11/24/2026 10:00:00 AM'],
    ['slashes that may be either', '05/06/2026 10:00', '2026-06-05T22:00:00.000Z'],
    ['slashes and a short year, day first', '24/11/26 10:00'],
    ['slashes and a short year, month first', '11/24/26, 10:00 AM'],
    ['dashes and a short year', '24-11-26 10:00'],
    ['a short year first', '26-11-24 10:00', '2026-11-24T22:00:00.000Z'],
    ['a short year that may be a day', '05/06/07 10:00', '2007-06-05T22:00:00.000Z'],
    ['the afternoon', '24/11/2026 1:00 PM', '2026-11-25T01:00:00.000Z'],
    ['digits alone', '20261124100000'],
    ['Jackson', [2026, 11, 24, 10, 0, 0, 0]],
    ['Jackson without seconds', [2026, 11, 24, 10, 0]],
    ['Jackson with nanoseconds', [2026, 11, 24, 10, 0, 0, 123_000_000], '2026-11-24T22:00:00.123Z'],
    ['Jackson with texts', ['2026', '11', '24', '10', '0']],
    [
      'a bean',
      { year: 2026, month: 'NOVEMBER', monthValue: 11, dayOfMonth: 24, hour: 10, minute: 0, second: 0 },
    ],
    ['an abbreviation of several zones', 'Tue Nov 24 10:00:00 IST 2026'],
    ['words', '24 Nov 2026 10:00'],
    ['a day', '2026-11-24', '2026-11-25T11:59:59.999Z'],
    ['a day as digits', '20261124', '2026-11-25T11:59:59.999Z'],
    ['a day by Jackson', [2026, 11, 24], '2026-11-25T11:59:59.999Z'],
  ])('%s', (_, stamp, at = LATEST) => {
    expect(read(stamp)).toBe(at);
  });
});

describe('nothing is read from', () => {
  it.each<[string, unknown]>([
    ['zero', 0],
    ['less than nothing', -seconds],
    ['a count of days', 20_455],
    ['a number beyond all calendars', 1e300],
    ['digits without an end', '9'.repeat(40)],
    ['long text', `2026-11-24T10:00:00Z${' '.repeat(500)}x`],
    ['true', true],
    ['words', 'yesterday'],
    ['a month alone', 'may the force 2026'],
    ['a week', '2026-W48-2'],
    ['an empty list', []],
    ['a short list', [1]],
    ['a long list', [2026, 11, 24, 10, 0, 0, 0, 0]],
    ['a list of objects', [{}, {}, {}]],
    ['another object', { a: 1 }],
    ['a nested object', { seconds: { seconds } }],
    ['a day that is none', '2026-02-30T10:00:00Z'],
    ['a month that is none', '2026-13-24T10:00:00Z'],
    ['an hour that is none', '2026-11-24T25:00:00Z'],
    ['a year before WhatsApp', '1970-01-01T00:00:00Z'],
  ])('%s', (_, stamp) => {
    expect(read(stamp)).toBeUndefined();
  });
});
