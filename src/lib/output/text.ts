/**
 * Text that came from a server, AWS, a log or a file, made safe for a terminal: control characters (C0, C1, DEL),
 * bidirectional overrides and line separators become visible escapes, so that no name can move the cursor,
 * reorder a line or fake a second one.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, visible)
}

/** Like `printable`, for text of several lines: newlines and tabs stay. */
export function printableLines(text: string): string {
  return text.replace(UNSAFE, (character) =>
    character === '\n' || character === '\t' ? character : visible(character),
  )
}

const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

function visible(character: string): string {
  const code = character.charCodeAt(0)
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}
