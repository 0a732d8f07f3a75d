/** The start of a foreign text, safe to store: well-formed, and at most `length` UTF-16 units. */
export function shortened(text: string, length: number): string {
  return text.slice(0, length).toWellFormed();
}

/** A foreign text on one line: no control characters, and none that change the direction of what follows. */
export function onOneLine(text: string): string {
  return text.replace(/[\s\p{Cc}\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]+/gu, ' ').trim();
}

/**
 * A foreign text without anything that may be a phone number, because what is kept of it may outlive that
 * person's data. WhatsApp's message ids contain one, in base64.
 */
export function withoutNumbers(text: string): string {
  return text.replace(/\bwamid\.[\w+/=-]+|\+?\p{Nd}(?:[\s().-]{0,3}\p{Nd}){6,}/gu, '…');
}
