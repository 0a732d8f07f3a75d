/** The beginning of a text that others wrote, fit to be stored: no half characters, at most `length` UTF-16 units. */
export function shortened(text: string, length: number): string {
  return text.slice(0, length).toWellFormed();
}

/** A text that others wrote, without what may be a phone number: what is kept of it may outlive its person's data. */
export function withoutNumbers(text: string): string {
  return text.replace(/\+?\d(?:[\s().-]?\d){6,}/g, '…');
}
