import {Cursor} from './parse-cursor.ts'
import type {SyntaxValue} from './parse-tree.ts'

const UNIT_LETTERS = 'kmgtpe'
const ESCAPES: Readonly<Record<string, string>> = {t: '\t', n: '\n', r: '\r', '"': '"', '\\': '\\'}

/** The values that hold no others: texts, numbers, dates, words that are booleans or variables. */
export class ValueReader extends Cursor {
  protected readSingleQuoted(line: number): SyntaxValue {
    this.at += 1
    const start = this.at
    while (!this.ended() && this.peek() !== "'" && this.peek() !== '\0') this.at += 1
    if (!this.take("'")) throw this.problem('a text in quotes is not closed', start)
    return {kind: 'string', text: this.text.slice(start, this.at - 1), line}
  }

  /** Text that knows escapes: in double quotes, or plain from `start`, a part of which may have been looked at. */
  protected readText(start: number, line: number, isQuoted: boolean): SyntaxValue {
    const parts: (string | Buffer)[] = []
    let from = start
    this.at = Math.max(this.at, start)
    for (;;) {
      const character = this.peek()
      if (character === '\\') {
        parts.push(this.text.slice(from, this.at), this.#readEscape())
        from = this.at
      } else if (isQuoted ? character === '"' : "'\n\r;,]} \t\0".includes(character)) break
      else if (this.ended() || character === '\0') {
        throw this.problem('a text in quotes is not closed', start)
      } else this.at += 1
    }
    const rest = this.text.slice(from, this.at)
    const isClosed = this.takeOf('"\'')
    const text = parts.length === 0 ? rest : joinBytes([...parts, rest])
    if (isQuoted || isClosed || parts.length > 0) return {kind: 'string', text, line}
    if (/^(true|yes|on|false|no|off)$/i.test(text)) {
      return {kind: 'boolean', value: /^(true|yes|on)$/i.test(text), line}
    }
    return text.startsWith('$') ? {kind: 'variable', name: text.slice(1), line} : {kind: 'string', text, line}
  }

  #readEscape(): string | Buffer {
    const letter = this.text[this.at + 1] ?? ''
    const hexadecimal = /^\\x([0-9a-f]{2})/i.exec(this.text.slice(this.at, this.at + 4))?.[1]
    if (hexadecimal !== undefined) {
      this.at += 4
      return Buffer.from(hexadecimal, 'hex')
    }
    const character = ESCAPES[letter]
    if (character === undefined) throw this.problem('an escape is none of \\xHH \\t \\n \\r \\" \\\\')
    this.at += 2
    return character
  }

  /** Everything up to a `)` alone on its line. */
  protected readBlock(line: number): SyntaxValue {
    const start = this.at + 1
    const end = /(?<=\n)\)(?=\n|\0|$)/g
    end.lastIndex = start
    const found = end.exec(this.text)
    if (!found || this.text.slice(start, found.index).includes('\0'))
      throw this.problem("a block is not closed by ')' on its own line")
    this.at = found.index + 1
    return {kind: 'string', text: this.text.slice(start, found.index), line}
  }

  /** Whatever begins with a digit: a number with or without unit, a date, an IP address, some other text. */
  protected readNumber(line: number): SyntaxValue {
    const start = this.at
    const isNegative = this.take('-')
    if (!this.skipDigits()) throw this.problem("a number has no digit behind '-'")
    if (this.peek() === '.') return this.#readFraction(start, line)
    if (/^[kmgtpe]/i.test(this.peek()) && this.peek() < '\x7f') return this.#readUnit(start, line)
    if (isNegative || this.#endsNumber()) return this.#integer(start, this.at, '', line)
    if (this.peek() === '-') return this.#readDate(start, line)
    this.at += 1
    return this.readText(start, line, false)
  }

  #readUnit(start: number, line: number): SyntaxValue {
    const digitsEnd = this.at
    this.at += 1
    while ('bBiI'.includes(this.peek() || '-')) this.at += 1
    if (this.#endsNumber()) return this.#integer(start, digitsEnd, this.text.slice(digitsEnd, this.at), line)
    return this.readText(start, line, false)
  }

  #readFraction(start: number, line: number): SyntaxValue {
    this.at += 1
    if (!this.skipDigits()) throw this.problem("a number has no digit behind '.'")
    if (this.peek() !== '.') {
      const text = this.text.slice(start, this.at)
      if (!/^[-\d.]+$/.test(text)) throw this.problem('a number has digits other than 0 to 9', start)
      return {kind: 'number', value: Number(text), line}
    }
    while (!this.ended() && /^[\p{Nd}.:-]/u.test(this.character())) this.at += this.character().length
    return {kind: 'string', text: this.text.slice(start, this.at), line}
  }

  #readDate(start: number, line: number): SyntaxValue {
    const text = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/.exec(this.text.slice(start, start + 20))?.[0] ?? ''
    const time = new Date(text)
    const isReal = !Number.isNaN(time.getTime()) && time.toISOString() === text.replace('Z', '.000Z')
    if (!isReal) throw this.problem('a date is not written as 2026-01-31T00:00:00Z', start)
    this.at = start + text.length
    return {kind: 'date', text, line}
  }

  #integer(start: number, digitsEnd: number, unit: string, line: number): SyntaxValue {
    const digits = this.text.slice(start, digitsEnd)
    const factor = factorOf(unit.toLowerCase())
    if (!/^-?[0-9]+$/.test(digits)) throw this.problem('a number has digits other than 0 to 9', start)
    const isInRange = digits.length < 25 && BigInt.asIntN(64, BigInt(digits)) === BigInt(digits)
    if (!isInRange) throw this.problem('a number is out of range', start)
    if (factor === undefined)
      throw this.problem('a number has an unknown unit: k, m, g, t, p or e, then b, i or ib', start)
    return {kind: 'number', value: Number(digits) * factor, line}
  }

  #endsNumber(): boolean {
    return this.ended() || '\n\r};, \t\0'.includes(this.peek())
  }
}

/** `k` counts by 1000, `kb`, `ki` and `kib` by 1024. */
function factorOf(unit: string): number | undefined {
  if (unit === '') return 1
  const power = UNIT_LETTERS.indexOf(unit.charAt(0)) + 1
  if (power < 1) return undefined
  if (unit.length === 1) return 1000 ** power
  return ['b', 'i', 'ib'].includes(unit.slice(1)) ? 1024 ** power : undefined
}

/** An escape is a byte, and several of them may be one character. */
function joinBytes(parts: readonly (string | Buffer)[]): string {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))).toString('utf8')
}
