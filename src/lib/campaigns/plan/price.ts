import type { PhoneNumber } from '../../whatsapp/phone.ts';

/*
 * What WhatsApp messages cost. Meta prices each delivered message by the recipient's calling code. The rate
 * card and its quarterly changes are at
 * https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing. Replace the rates and
 * `asOf` together. These rates come from public copies of the card in two currencies, which agree. They have
 * not been checked against Meta's own file.
 */

interface Rate {
  readonly market: string;
  /** Calling codes, with the network's first digits if several markets share a code. */
  readonly codes: string;
  /** In millionths of a dollar, like all amounts in this file. */
  readonly marketing: number;
  /**
   * The price of a utility template, and of a service message (one without a template): in each market they
   * are equal.
   */
  readonly utility: number;
}

const rate = (market: string, codes: string, marketing: number, utility: number): Rate => ({
  market,
  codes,
  marketing,
  utility,
});

export const RATE_CARD: { readonly asOf: string; readonly rates: readonly Rate[] } = {
  asOf: '2026-10-01',
  rates: [
    rate('Argentina', '54', 61_800, 26_000),
    rate('Bangladesh', '880', 73_200, 3_700),
    rate('Brazil', '55', 62_500, 6_800),
    rate('Chile', '56', 88_900, 20_000),
    rate('Colombia', '57', 12_500, 800),
    rate('Egypt', '20', 64_400, 3_600),
    rate('France', '33', 85_900, 30_000),
    rate('Germany', '49', 136_500, 55_000),
    rate('Hong Kong', '852', 73_200, 26_000),
    rate('Hungary', '36', 86_000, 35_000),
    rate('India', '91', 11_800, 1_400),
    rate('Indonesia', '62', 41_100, 25_000),
    rate('Iraq', '964', 34_100, 7_900),
    rate('Israel', '972', 35_300, 5_300),
    rate('Italy', '39', 79_500, 30_000),
    rate('Kazakhstan', '76 77', 60_400, 18_000),
    rate('Kuwait', '965', 79_200, 44_000),
    rate('Malaysia', '60', 86_000, 14_000),
    rate('Mexico', '52', 39_700, 8_500),
    rate('Morocco', '212', 41_400, 23_000),
    rate('Nepal', '977', 73_200, 3_400),
    rate('Netherlands', '31', 159_700, 50_000),
    rate('Nigeria', '234', 51_600, 6_700),
    rate('North America', '1', 25_000, 3_400),
    rate('Oman', '968', 34_100, 24_700),
    rate('Pakistan', '92', 47_300, 15_000),
    rate('Peru', '51', 70_300, 30_000),
    rate('Poland', '48', 36_600, 12_200),
    rate('Qatar', '974', 34_100, 12_000),
    rate('Romania', '40', 86_000, 29_000),
    rate('Russia', '7', 80_200, 40_000),
    rate('Saudi Arabia', '966', 57_600, 10_700),
    rate('Singapore', '65', 73_200, 16_000),
    rate('South Africa', '27', 37_900, 9_500),
    rate('Spain', '34', 70_700, 20_000),
    rate('Sri Lanka', '94', 73_200, 2_000),
    rate('Turkey', '90', 10_900, 900),
    rate('Ukraine', '380', 86_000, 29_800),
    rate('United Arab Emirates', '971', 57_600, 15_700),
    rate('United Kingdom', '44', 63_500, 22_000),
    rate(
      'Rest of Africa',
      '211 213 216 218 220 221 222 223 225 226 227 228 229 231 232 233 235 237 241 242 244 245 249 250 251 ' +
        '252 254 255 256 257 258 260 261 263 264 265 266 267 268 291',
      22_500,
      4_000,
    ),
    rate('Rest of Asia Pacific', '61 63 64 66 675 81 84 855 856 86 886 93 976 992 993 998', 84_200, 11_300),
    rate(
      'Rest of Central & Eastern Europe',
      '30 355 359 370 371 373 374 375 381 385 386 389 420 421 994 995',
      86_000,
      21_200,
    ),
    rate(
      'Rest of Latin America',
      '1658 1787 1809 1829 1849 1876 1939 502 503 504 505 506 507 509 58 591 593 595 598',
      74_000,
      11_300,
    ),
    rate('Rest of Middle East', '961 962 967 973', 39_200, 9_100),
    rate('Rest of Western Europe', '32 351 353 358 41 43 45 46 47', 59_200, 17_100),
  ],
};

/** All countries that the card doesn't list. */
const OTHER = rate('Other', '', 60_400, 7_700);
/** They share North America's calling code, but Meta prices them as "Other". */
const OTHER_ISLANDS =
  '1242 1246 1264 1268 1284 1340 1345 1441 1473 1649 1664 1670 1671 1684 1721 1758 1767 1784 1868 1869';

const rateByCode: ReadonlyMap<string, Rate> = new Map(
  [...RATE_CARD.rates, { ...OTHER, codes: OTHER_ISLANDS }].flatMap((one) =>
    one.codes.split(' ').map((code): [string, Rate] => [code, one]),
  ),
);
const LONGEST_CODE = 4;

function rateOf(number: PhoneNumber): Rate {
  for (let length = LONGEST_CODE; length > 0; length -= 1) {
    const found = rateByCode.get(number.slice(0, length));
    if (found) return found;
  }
  return OTHER;
}

interface Price {
  readonly currency: 'USD';
  /** In dollars, rounded to cents. */
  readonly amount: number;
  /** The date of the rate card. */
  readonly asOf: string;
  /** The assumptions behind the amount, in sentences. */
  readonly notes: string[];
}

interface PriceEstimate {
  add(number: PhoneNumber, kind: 'service' | 'template'): void;
  sums(): PriceSums;
  total(): Price;
}

export interface PriceSums {
  readonly micros: number;
  readonly counts: { readonly service: number; readonly template: number; readonly other: number };
}

const NOTHING: PriceSums = { micros: 0, counts: { service: 0, template: 0, other: 0 } };

/** Adds up the cost of messages, on top of `from`, in whole millionths of a dollar and in constant memory. */
export function makePriceEstimate(from = NOTHING): PriceEstimate {
  let { micros } = from;
  const counts = { ...from.counts };
  return {
    add(number, kind) {
      const { market, marketing, utility } = rateOf(number);
      micros += kind === 'template' ? marketing : utility;
      counts[kind] += 1;
      if (market === OTHER.market) counts.other += 1;
    },
    sums: () => ({ micros, counts }),
    total: () => ({
      currency: 'USD',
      amount: Math.round(micros / 10_000) / 100,
      asOf: RATE_CARD.asOf,
      notes: notesOn(counts),
    }),
  };
}

function notesOn(counts: PriceSums['counts']) {
  return [
    "Meta's list prices per delivered message, copied from its rate card, without volume discounts and the gateway's own fees.",
    ...(counts.service > 0
      ? [
          'Flows are priced as service messages. The first 1,000 per number and month, which are free, are not deducted.',
        ]
      : []),
    ...(counts.template > 0
      ? [
          'Template messages are priced as marketing, the most expensive category, because their own is not known.',
        ]
      : []),
    ...(counts.other > 0 ? [`Messages to countries that Meta prices as "Other": ${counts.other}.`] : []),
  ];
}
