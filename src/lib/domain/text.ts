/** The beginning of a text that others wrote, fit to be stored: no half characters, at most `length` UTF-16 units. */
export function shortened(text: string, length: number): string {
  return text.slice(0, length).toWellFormed();
}
