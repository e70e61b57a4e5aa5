import {EndOfText, isDigit, isSpace} from './parse-cursor.ts'
import type {SyntaxEntry, SyntaxValue} from './parse-tree.ts'
import {ValueReader} from './parse-values.ts'

/**
 * The syntax of nats-server's configuration, without its meaning: text in, a tree with line numbers out. Includes and
 * variables are nodes of the tree; parse.ts resolves them.
 *
 * The format has no specification but the server's own lexer (conf/lex.go), so this reads as that does, its oddities
 * included: `foo{` is a key, a lone `/` after a value is skipped, `}` may end a file that opened none, and `[1]` holds
 * the text `1]`. What is refused here and accepted there, because the server would drop a setting without a word: a
 * number with an unknown unit (`1kbb`), a key in a map without a value (`{user: }`), a quote that opens at the very end.
 *
 * How it works: one position in the text and one function for each place that something can stand in: top level,
 * `{...}` around a whole file, map, array, value. A function returns when it has consumed what it is about.
 */

/** Maps, arrays and braces in each other: more is nobody's configuration and would only cost stack. */
export const DEEPEST = 100

/** The settings of one text in their order, repeated keys included. Throws SyntaxProblem. */
export function parseSyntax(text: string): readonly SyntaxEntry[] {
  return new Reader(text).readAll()
}

class Reader extends ValueReader {
  #depth = 0
  /** The last thing read was this key: a text must not end behind it. */
  #pendingKey: string | undefined

  readAll(): readonly SyntaxEntry[] {
    const entries: SyntaxEntry[] = []
    try {
      this.#readTop(entries)
    } catch (error) {
      if (!(error instanceof EndOfText)) throw error
      if (this.#pendingKey !== undefined && this.#pendingKey !== '}') throw this.problem('a key has no value')
    }
    return entries
  }

  #readTop(entries: SyntaxEntry[]): void {
    for (;;) {
      this.skipSpace()
      if (this.take('{')) this.#readBraces(entries)
      else if (!this.skipComment()) {
        if (this.ended()) throw new EndOfText()
        if (this.peek() === '/' || this.peek() === '\0') throw this.unexpected('a key')
        entries.push(this.#readEntry(false))
        this.#endTopValue()
      }
    }
  }

  #endTopValue(): void {
    for (;;) {
      if (this.ended() || this.skipComment() || this.takeOf('\n\r;,}\0')) return
      if (!this.takeOf('/ \t')) throw this.unexpected('the end of the line after a value')
    }
  }

  /** Braces around the settings of a whole file, as JSON has them. */
  #readBraces(entries: SyntaxEntry[]): void {
    this.#deeper(() => {
      for (;;) {
        this.skipSpace()
        if (this.take('}')) return
        if (this.skipComment()) continue
        if (this.ended()) throw new EndOfText()
        if (this.peek() === '/' || this.peek() === '\0') throw this.unexpected('a key')
        const isClosed = this.take('{') ? this.#readInnerBraces(entries) : this.#readBracedEntry(entries)
        if (isClosed) return
      }
    })
  }

  #readInnerBraces(entries: SyntaxEntry[]): boolean {
    this.#readBraces(entries)
    for (;;) {
      if (this.take('}')) return true
      if (this.skipComment() || this.takeOf(';,')) return false
      if (this.ended() || !this.takeOf('\n\r \t/')) throw this.unexpected("'}'")
    }
  }

  #readBracedEntry(entries: SyntaxEntry[]): boolean {
    entries.push(this.#readEntry(false))
    for (;;) {
      if (this.take('}')) return true
      if (this.takeOf('\n\r;,')) return false
      if (!this.skipComment() && !this.takeOf('/ \t')) throw this.unexpected("the end of the line or '}'")
    }
  }

  #readMap(line: number): SyntaxValue {
    return this.#deeper(() => {
      const entries: SyntaxEntry[] = []
      for (;;) {
        this.skipSpace()
        if (this.take('}')) return {kind: 'map', entries, line}
        if (this.skipComment()) continue
        if (this.ended() || this.peek() === '\0') throw this.problem("a map is not closed by '}'")
        if (this.peek() === ']') throw this.unexpected('a key')
        entries.push(this.#readEntry(true))
        for (;;) {
          if (this.take('}')) return {kind: 'map', entries, line}
          if (this.skipComment() || this.takeOf(' \t')) continue
          if (this.takeOf(';,\n\r/')) break
          throw this.unexpected("',' or '}'")
        }
      }
    })
  }

  #readArray(line: number): SyntaxValue {
    return this.#deeper(() => {
      const items: SyntaxValue[] = []
      for (;;) {
        this.skipSpace()
        if (this.take(']')) return {kind: 'array', items, line}
        if (this.skipComment()) continue
        if (this.peek() === ',' || this.peek() === '/') throw this.unexpected('a value')
        items.push(this.#readValue())
        for (;;) {
          if (this.take(']')) return {kind: 'array', items, line}
          if (this.skipComment() || this.takeOf(' \t')) continue
          if (this.takeOf(',\n\r/')) break
          throw this.unexpected("',' or ']'")
        }
      }
    })
  }

  #readEntry(inMap: boolean): SyntaxEntry {
    const line = this.line()
    if (this.peek() === ':' || this.peek() === '=') throw this.unexpected('a key')
    const quote = this.peek()
    const isQuoted = quote === '"' || quote === "'"
    const key = isQuoted ? this.#readQuotedKey(quote) : this.#readPlainKey(inMap)
    if (!isQuoted && key.toLowerCase() === 'include' && isSpace(this.peek())) return this.#readInclude(line)
    this.#pendingKey = key
    this.skipSpace()
    const hasSeparator = this.takeOf(':=')
    if (!inMap && !hasSeparator && (this.ended() || this.peek() === '\0')) throw new EndOfText()
    if (inMap) {
      this.skipSpace()
      if (this.peek() === ',' || this.peek() === '}') throw this.unexpected('a value')
    }
    const value = this.#readValue()
    this.#pendingKey = undefined
    return {kind: 'setting', key, value, line}
  }

  #readQuotedKey(quote: string): string {
    this.at += 1
    const start = this.at
    while (!this.ended() && this.peek() !== quote && this.peek() !== '\0') this.at += 1
    if (this.peek() !== quote) {
      throw this.problem('a key in quotes is not closed', start)
    }
    this.at += 1
    return this.text.slice(start, this.at - 1)
  }

  /** The first character belongs to the key whatever it is; in a map a `/` before it is lost. */
  #readPlainKey(inMap: boolean): string {
    if (inMap && this.peek() === '/') this.at += 1
    const start = this.at
    this.at += 1
    while (!this.ended() && !isSpace(this.peek()) && !':=\0'.includes(this.peek())) this.at += 1
    if (inMap && (this.ended() || this.peek() === '\0')) throw this.problem("a map is not closed by '}'", start)
    return this.text.slice(start, this.at)
  }

  #readInclude(line: number): SyntaxEntry {
    this.skipBlanks()
    const quote = this.peek()
    if (quote === '"' || quote === "'") {
      this.at += 1
      const start = this.at
      while (!this.ended() && this.peek() !== quote && this.peek() !== '\0') this.at += 1
      if (this.peek() !== quote) throw this.problem('the path of an include is not closed', start)
      this.at += 1
      return this.#include(this.text.slice(start, this.at - 1), line)
    }
    if (/^[[{(\p{Nd}\-\\\n\r]/u.test(this.character())) throw this.unexpected('the path of a file')
    const start = this.at
    while (!this.ended() && !"\n\r;} \t\0'".includes(this.peek())) this.at += 1
    const path = this.text.slice(start, this.at)
    this.take("'")
    return this.#include(path, line)
  }

  #include(path: string, line: number): SyntaxEntry {
    this.#pendingKey = undefined
    return {kind: 'include', path, line}
  }

  #readValue(): SyntaxValue {
    this.skipBlanks()
    const line = this.line()
    const first = this.peek()
    if (first === '[' || first === '{') {
      this.at += 1
      this.#pendingKey = undefined
      return first === '[' ? this.#readArray(line) : this.#readMap(line)
    }
    if (first === "'") return this.readSingleQuoted(line)
    if (first === '"') return this.readText(this.at + 1, line, true)
    if (first === '(') return this.readBlock(line)
    if (first === '-' || isDigit(this.character())) return this.readNumber(line)
    if (first === '.') throw this.problem("a number begins with a digit, not with '.'")
    if (first === '\n' || first === '\r') throw this.problem('a key has no value on its line')
    return this.readText(this.at, line, false)
  }

  #deeper<T>(read: () => T): T {
    this.#depth += 1
    if (this.#depth > DEEPEST) throw this.problem(`maps and arrays are nested more than ${DEEPEST} deep`)
    const result = read()
    this.#depth -= 1
    return result
  }
}
