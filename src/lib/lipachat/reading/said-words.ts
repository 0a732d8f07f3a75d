import { type Fields, pick, type Reader, recordIn, textIn } from './fields.ts';

/*
 * Each text of a message that may be a STOP or START: what the customer typed, or the button or row that they chose, by its
 * text and by its id. A caption is neither.
 */

/** WhatsApp's own limit for a text. No STOP is longer. */
const LONGEST = 4_096;

export function saidIn(fields: Fields, reader: Reader): string[] {
  const typed =
    reader.take(['text'], typedIn) ??
    (isTextual(fields) ? typedIn(pick(fields, 'body', 'message')) : undefined);
  const button = reader.take(['button'], choiceIn);
  const interactive = reader.take(['interactive'], recordIn);
  const choices = ['button_reply', 'list_reply', 'button'].flatMap((name) => [
    choiceIn(pick(interactive, name)),
    choiceIn(pick(fields, name)),
  ]);
  const said = [typed, button, ...choices, interactive && choiceIn(interactive)].flatMap(
    (texts) => texts ?? [],
  );
  return [...new Set(said)].filter((text) => text.trim() !== '' && text.length <= LONGEST);
}

function isTextual(fields: Fields): boolean {
  const type = pick(fields, 'type');
  return typeof type === 'string' && type.trim().toLowerCase() === 'text';
}

/** LipaChat sends the text itself, WhatsApp an object around it. */
function typedIn(value: unknown): string[] | undefined {
  const around = textIn(pick(recordIn(value), 'body', 'text', 'message'));
  const text = around ?? textIn(Array.isArray(value) && value.length === 1 ? value[0] : value);
  return text === undefined ? undefined : [text];
}

/** A button or a row: `{ id, title }`, `{ payload, text }`, or its text. */
function choiceIn(value: unknown): string[] | undefined {
  const choice = recordIn(value);
  if (!choice) {
    const text = textIn(value);
    return text === undefined ? undefined : [text];
  }
  const texts = ['id', 'title', 'payload', 'text'].map((name) => textIn(pick(choice, name)));
  const found = texts.filter((text) => text !== undefined);
  return found.length > 0 ? found : undefined;
}
