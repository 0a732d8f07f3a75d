/** The start of a foreign text, safe to store: well-formed, and at most `length` UTF-16 units. */
export function shortened(text: string, length: number): string {
  return text.slice(0, length).toWellFormed();
}

/**
 * A foreign text without anything that may be a phone number, because what is kept of it may outlive that
 * person's data.
 */
export function withoutNumbers(text: string): string {
  return text.replace(/\+?\d(?:[\s().-]?\d){6,}/g, '…');
}
