import { type PhoneNumber, parsePhoneNumber } from '../../whatsapp/phone.ts';

/*
 * A number as a spreadsheet leaves it in its cell: between invisible characters (byte order marks, direction
 * marks, zero-width and no-break spaces, soft hyphens), behind the apostrophe of a text, or as the formula
 * `="254…"`. All of them keep the digits that the author sees. What has lost digits is refused with its cause.
 */

type NumberCell = { readonly number: PhoneNumber } | { readonly fault: string };

const IGNORABLE = /[\p{Default_Ignorable_Code_Point}\u2800]/gu;
const MARKED_AS_TEXT = /^(?:['‘’]|="([^"]*)"$)/u;

const FAULTS: readonly (readonly [RegExp, string])[] = [
  [/^$/, 'is empty'],
  [
    /^[+-]?[\d.,\s]*\d\s*e\s*[+-]?\d+$/i,
    'is in scientific notation: the spreadsheet has rounded it. Format the column as text and enter the numbers again',
  ],
  [/^#/, "is a spreadsheet's error or a column too narrow to show its number: correct it and save again"],
  [/^\+?\d+[.,]0*$/, 'is a decimal number: format the column as text or as a number without decimals'],
];

export function readNumberCell(cell: string): NumberCell {
  const visible = cell.replace(IGNORABLE, '').trim();
  const text = visible.replace(MARKED_AS_TEXT, '$1').trim();
  const number = parsePhoneNumber(text);
  if (number) return { number };
  return { fault: FAULTS.find(([spelling]) => spelling.test(text))?.[1] ?? 'is not a valid phone number' };
}
