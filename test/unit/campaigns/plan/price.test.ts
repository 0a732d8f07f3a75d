import { describe, expect, it } from 'vitest';
import { makePriceEstimate, RATE_CARD } from '../../../../src/lib/campaigns/plan/price.ts';
import { type PhoneNumber, parsePhoneNumber } from '../../../../src/lib/whatsapp/phone.ts';

/** The list price of ten thousand messages to this number, in dollars, so that no digit is rounded away. */
function priceOf(number: string, kind: 'service' | 'template'): number {
  const estimate = makePriceEstimate();
  for (let n = 0; n < 10_000; n += 1) estimate.add(number as PhoneNumber, kind);
  return estimate.total().amount;
}

describe('the price of a message', () => {
  it.each([
    ['Kenya', '254717746565', 225, 40],
    ['Nigeria', '2348012345678', 516, 67],
    ['South Africa', '27821234567', 379, 95],
    ['Egypt', '201001234567', 644, 36],
    ['Morocco, which is not the rest of Africa', '212612345678', 414, 230],
    ['Germany', '4915112345678', 1365, 550],
    ['the United States', '12125550123', 250, 34],
    ['Canada', '14165550123', 250, 34],
    ['Jamaica, which shares their code', '18765550123', 740, 113],
    ['Trinidad, which shares it and is named nowhere', '18685550123', 604, 77],
    ['Russia', '79161234567', 802, 400],
    ['Kazakhstan, which shares its code', '77011234567', 604, 180],
    ['India', '919876543210', 118, 14],
    ['Portugal', '351912345678', 592, 171],
    ['Congo-Kinshasa, which Meta does not name', '243991234567', 604, 77],
    ['South Korea, which Meta does not name', '821012345678', 604, 77],
  ])('to %s is that of its market', (_, number, template, service) => {
    expect(priceOf(number, 'template')).toBe(template);
    expect(priceOf(number, 'service')).toBe(service);
  });
});

describe('an estimate', () => {
  const kenyan = parsePhoneNumber('+254 717 746565') as PhoneNumber;

  it('names its currency and the date of its prices', () => {
    expect(makePriceEstimate().total()).toMatchObject({ currency: 'USD', amount: 0, asOf: '2026-10-01' });
  });

  it('is rounded to cents once', () => {
    const estimate = makePriceEstimate();
    estimate.add(kenyan, 'service');
    expect(estimate.total().amount).toBe(0);
    estimate.add(kenyan, 'service');
    expect(estimate.total().amount).toBe(0.01);
    estimate.add(kenyan, 'template');
    expect(estimate.total().amount).toBe(0.03);
  });

  it('lists the assumptions that affect it', () => {
    const estimate = makePriceEstimate();
    const about = (word: string) => estimate.total().notes.filter((note) => note.includes(word));
    expect(about('list prices')).toHaveLength(1);
    expect(estimate.total().notes).toHaveLength(1);
    estimate.add(kenyan, 'service');
    expect(about('1,000')).toHaveLength(1);
    expect(about('marketing')).toHaveLength(0);
    estimate.add(kenyan, 'template');
    expect(about('marketing')).toHaveLength(1);
    expect(about('Other')).toHaveLength(0);
    estimate.add('243991234567' as PhoneNumber, 'template');
    expect(about('"Other": 1.')).toHaveLength(1);
  });
});

describe('the rate card', () => {
  const codes = RATE_CARD.rates.flatMap((rate) => rate.codes.split(' '));

  it('has each calling code once', () => {
    expect(codes).toEqual([...new Set(codes)]);
    expect(codes.filter((code) => !/^[1-9]\d{0,3}$/.test(code))).toEqual([]);
  });

  it('has whole prices above zero, with marketing the more expensive', () => {
    for (const { market, marketing, utility } of RATE_CARD.rates) {
      expect(Number.isSafeInteger(marketing) && Number.isSafeInteger(utility), market).toBe(true);
      expect(utility, market).toBeGreaterThan(0);
      expect(marketing, market).toBeGreaterThan(utility);
    }
  });

  it('names 46 markets beside "Other", as Meta does', () => {
    expect(new Set(RATE_CARD.rates.map((rate) => rate.market)).size).toBe(46);
  });
});
