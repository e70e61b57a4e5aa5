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

/**
 * A value as JSON that a terminal can be shown: what JSON itself lets stand in a string (DEL, C1, overrides) is escaped
 * too, so that a parser reads the same value. On one line, or indented by two blanks a level.
 */
export function printableJson(value: unknown, {indented = false}: {readonly indented?: boolean} = {}): string {
  const text = JSON.stringify(value, undefined, indented ? 2 : undefined)
  return text.replace(UNSAFE, (character) => (character === '\n' ? character : unicodeEscape(character)))
}

/** Beside those, what takes no room at all (soft hyphen, zero width space, word joiner): a name that only looks like another. */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g

function visible(character: string): string {
  const code = character.charCodeAt(0)
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : unicodeEscape(character)
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
