/** The text of nats-server's configuration format: what settings look like when they are written down. */

export type Value = string | number | boolean | readonly Value[] | {readonly [key: string]: Value | undefined}
/** A setting whose value is undefined is left out: the server has a default of its own. */
export type Setting = readonly [key: string, value: Value | undefined]

/** One line a setting, or a block; every text is quoted. */
export function renderSettings(settings: readonly Setting[]): string {
  return settings.flatMap(([key, value]) => (value === undefined ? [] : `${line(key, value, '')}\n`)).join('')
}

/**
 * A text as nats-server's configuration reads it back unchanged: in double quotes, where `$` and `#` mean nothing and
 * the lexer knows the escapes \\ \" \t \n \r and \xHH (conf/lex.go, lexStringEscape).
 */
export function quote(text: string): string {
  const escaped = text.replace(/["\\\u0000-\u001f\u007f]/g, (character) => {
    return escapes[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return `"${escaped}"`
}

const escapes: Readonly<Record<string, string>> = {'"': '\\"', '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r'}

/** A duration as Go writes it; the server reads milliseconds too, but people do not. */
export function renderDuration(ms: number): string {
  if (ms % 60_000 === 0) return `${ms / 60_000}m`
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`
}

/** `include` is the one word of the format that takes no colon. */
function line(key: string, value: Value, indent: string): string {
  return key === 'include' ? `include ${renderValue(value, indent)}` : `${key}: ${renderValue(value, indent)}`
}

function renderValue(value: Value, indent: string): string {
  if (typeof value === 'string') return quote(value)
  if (typeof value !== 'object') return String(value)
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    return block(
      '[',
      ']',
      (value as readonly Value[]).map((item) => renderValue(item, inner)),
      indent,
    )
  }
  const entries = Object.entries(value as {readonly [key: string]: Value | undefined})
  const lines = entries.flatMap(([key, item]) => (item === undefined ? [] : line(key, item, inner)))
  return block('{', '}', lines, indent)
}

function block(open: string, close: string, lines: readonly string[], indent: string): string {
  return [open, ...lines.map((each) => `${indent}  ${each}`), `${indent}${close}`].join('\n')
}
