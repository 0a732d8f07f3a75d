/*
 * What WhatsApp refuses in the texts of a message. LipaChat passes them on, so a text that is not refused here
 * uses up its messageId: the gateway's refusal is final.
 *
 * Controls are C0, DEL, C1 and the separators U+2028 and U+2029. Bidirectional embeddings, overrides and
 * isolates reorder the text around them and are refused. The marks U+200E, U+200F and U+061C don't, and Arabic
 * and Hebrew need them. A text needs a character that can be seen.
 *
 * Faults name a character by its code point, never the text.
 */

/*
 * V8 takes milliseconds to compile Unicode's large classes, which counts in a cold start. Most texts don't need
 * them: ASCII holds no emoji, and one of its visible characters is enough to be seen.
 */
const ASCII = /^[\0-\x7f]*$/;
const INK = /[!-~]/;

const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/v;
/** A body may have several lines, with the line breaks of any system but a bare carriage return. */
const CONTROL_IN_BODY = /(?!\n|\r\n)[\p{Cc}\p{Zl}\p{Zp}]/v;
const BIDI_CONTROL = /[\u202a-\u202e\u2066-\u2069]/v;
// Beside what Unicode calls ignorable: annotation marks, the empty Braille pattern and the null notehead.
const INVISIBLE = /^[\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}\ufff9-\ufffb\u2800\u{1d159}]+$/v;

/**
 * Unicode's property Emoji, and the parts that only emoji have: U+FE0F, U+20E3 and tags. Digits, `#`, `*`, ©, ®
 * and ™ have that property, too, but are plain text without U+FE0F.
 */
const EMOJI = /[\p{Emoji}--[0-9#*©®™]]|\ufe0f|\u20e3|[\u{e0020}-\u{e007f}]/v;
/** Scripts that also join letters by U+200D. */
const JOINING =
  'Arab Syrc Nkoo Mong Adlm Rohg Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Tibt Mymr Khmr'
    .split(' ')
    .map((script) => `\\p{scx=${script}}`)
    .join('');
/** U+200D joins emoji. It is text only beside a letter or sign of one of those scripts. */
const STRAY_JOINER = new RegExp(`(?<![${JOINING}])\\u200d(?![${JOINING}])`, 'v');

/** Meta: "Param text cannot have new-line/tab characters or more than 4 consecutive spaces". Of any width here. */
const MANY_BLANKS = /\p{Zs}{5}/v;

/** A text in one line: an id, a name, a label. */
export function lineFaults(text: string): string[] {
  return [
    ...found(text, CONTROL, 'must not contain line breaks, tabs or other control characters'),
    ...common(text),
  ];
}

/** The label of a button. */
export function labelFaults(text: string): string[] {
  if (ASCII.test(text)) return lineFaults(text);
  const emoji = EMOJI.test(text) || !text.includes('\u200d') ? EMOJI : STRAY_JOINER;
  return [...lineFaults(text), ...found(text, emoji, 'must not contain emoji')];
}

/** The text of a message. */
export function bodyFaults(text: string): string[] {
  return [
    ...found(text, CONTROL_IN_BODY, 'must not contain control characters other than line feeds'),
    ...common(text),
  ];
}

/** A value for a placeholder of a template, or for its header. */
export function parameterFaults(text: string): string[] {
  const blanks = 'must not contain more than four blanks in a row: shorten them';
  return [...lineFaults(text), ...(MANY_BLANKS.test(text) ? [blanks] : [])];
}

function common(text: string): string[] {
  const bidi = 'must not contain bidirectional embeddings, overrides or isolates';
  const blank = 'must contain a visible character: write a text';
  return [...found(text, BIDI_CONTROL, bidi), ...(!INK.test(text) && INVISIBLE.test(text) ? [blank] : [])];
}

function found(text: string, what: RegExp, fault: string): string[] {
  const [character] = what.exec(text) ?? [];
  const codePoint = character?.codePointAt(0);
  if (codePoint === undefined) return [];
  const name = codePoint.toString(16).toUpperCase().padStart(4, '0');
  return [`${fault}: U+${name} is one, remove it`];
}
