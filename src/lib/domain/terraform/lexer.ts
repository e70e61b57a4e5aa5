/**
 * The tokens of a Terraform file, with their places in its text: as much of HCL's syntax as it takes to know what is
 * code and what is a comment, a string or a heredoc. Whatever is not HCL, or rare enough to be misread, is refused with
 * its line; nothing is skipped over.
 */

export type TokenKind =
  | 'newline'
  | 'identifier'
  | 'number'
  | 'string'
  | 'heredoc'
  /** One of ( [ { */
  | 'open'
  /** One of ) ] } */
  | 'close'
  | 'symbol'

/** `start` and `end` are offsets in the text, the second one exclusive. */
export interface Token {
  readonly kind: TokenKind
  readonly start: number
  readonly end: number
  /** What a string is made of; absent on every other kind. */
  readonly parts?: readonly StringPart[]
}

export type StringPart =
  | {readonly kind: 'literal'; readonly start: number; readonly end: number}
  /** `${...}` or `%{...}`, with the tokens between the braces. */
  | {
      readonly kind: 'interpolation'
      readonly start: number
      readonly end: number
      readonly tokens: readonly Token[]
    }

/** The file says something that is not understood. Lines count from 1. */
export class TerraformRefusal extends Error {
  override readonly name = 'TerraformRefusal'
  readonly line: number

  constructor(line: number, problem: string) {
    super(problem)
    this.line = line
  }
}

/** Deeper than anybody writes: strings inside interpolations inside strings, or blocks inside blocks. */
export const DEEPEST = 50

/** @throws TerraformRefusal */
export function tokenize(text: string): readonly Token[] {
  return new Lexer(text).code(0)
}

/** Line of an offset, counted from 1. */
export function lineAt(text: string, offset: number): number {
  return lineCounter(text)(offset)
}

/** As lineAt, for many offsets that do not get smaller: the text is read once. */
export function lineCounter(text: string): (offset: number) => number {
  let line = 1
  let at = text.indexOf('\n')
  return (offset) => {
    for (; at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line += 1
    return line
  }
}

const IDENTIFIER = /[\p{ID_Start}_][\p{ID_Continue}-]*/uy
const NUMBER = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const SYMBOL = /==|=>|!=|<=|>=|&&|\|\||\.\.\.|::|[-=!<>+*/%?:,.~]/y
const COMMENT = /(?:#|\/\/)[^\n]*/y
const BLANK = /[ \t]+/y
const NEWLINE = /\r?\n/y
const HEREDOC = /<<-?([\p{ID_Start}_][\p{ID_Continue}-]*)\r?\n/uy
const CLOSING: Readonly<Record<string, string>> = {'(': ')', '[': ']', '{': '}'}

class Lexer {
  readonly #text: string
  #at: number

  constructor(text: string) {
    this.#text = text
    this.#at = text.startsWith('\ufeff') ? 1 : 0
  }

  /** Up to the end of the file, or inside a string (`depth` above 0) to the brace that closes the interpolation. */
  code(depth: number): readonly Token[] {
    if (depth > DEEPEST) throw this.#refuse('strings are nested too deeply')
    const tokens: Token[] = []
    const open: {readonly closing: string; readonly at: number}[] = []
    for (;;) {
      if (this.#take(BLANK) || this.#take(COMMENT) || this.#skipBlockComment()) continue
      const start = this.#at
      const character = this.#text[start]
      if (character === undefined) break
      if (character === '}' && open.length === 0 && depth > 0) return tokens
      const closing = CLOSING[character]
      if (closing !== undefined) {
        open.push({closing, at: start})
        this.#at += 1
        tokens.push({kind: 'open', start, end: this.#at})
      } else if (')]}'.includes(character)) {
        if (open.pop()?.closing !== character) throw this.#refuse(`${character} closes nothing`)
        this.#at += 1
        tokens.push({kind: 'close', start, end: this.#at})
      } else if (character === '"') {
        tokens.push(this.#string(depth))
      } else if (this.#text.startsWith('<<', start)) {
        tokens.push(this.#heredoc(depth))
      } else {
        tokens.push({kind: this.#simple(), start, end: this.#at})
      }
    }
    const [unclosed] = open
    if (unclosed) throw this.#refuse(`${this.#text[unclosed.at]} is never closed`, unclosed.at)
    if (depth > 0) throw this.#refuse('an interpolation is never closed')
    return tokens
  }

  #simple(): TokenKind {
    if (this.#take(NEWLINE)) return 'newline'
    if (this.#take(IDENTIFIER)) return 'identifier'
    if (this.#take(NUMBER)) return 'number'
    if (this.#take(SYMBOL)) return 'symbol'
    const [character = ''] = this.#text.slice(this.#at)
    throw this.#refuse(`unexpected character ${JSON.stringify(character)}`)
  }

  #skipBlockComment(): boolean {
    if (!this.#text.startsWith('/*', this.#at)) return false
    const end = this.#text.indexOf('*/', this.#at + 2)
    if (end < 0) throw this.#refuse('a comment is never closed')
    this.#at = end + 2
    return true
  }

  #string(depth: number): Token {
    const start = this.#at
    const parts: StringPart[] = []
    this.#at += 1
    let literal = this.#at
    const endLiteral = (): void => {
      if (this.#at > literal) parts.push({kind: 'literal', start: literal, end: this.#at})
    }
    for (;;) {
      const character = this.#text[this.#at]
      if (character === undefined || character === '\n') throw this.#refuse('a string is never closed', start)
      if (character === '"') break
      if (character === '\\' && this.#text[this.#at + 1] !== '\n') this.#at += 2
      else if (this.#atInterpolation()) {
        endLiteral()
        parts.push(this.#interpolation(depth))
        literal = this.#at
      } else this.#at += 1
    }
    endLiteral()
    this.#at += 1
    return {kind: 'string', start, end: this.#at, parts}
  }

  /** Ends with the line that holds the marker alone, without that line's end. */
  #heredoc(depth: number): Token {
    const start = this.#at
    const [, marker] = this.#match(HEREDOC) ?? []
    if (marker === undefined) throw this.#refuse('<< begins no heredoc here')
    this.#at = HEREDOC.lastIndex
    for (;;) {
      const newline = this.#text.indexOf('\n', this.#at)
      const lineEnd = newline < 0 ? this.#text.length : newline
      const line = this.#text.slice(this.#at, lineEnd)
      if (line.trim() === marker) {
        this.#at = line.endsWith('\r') ? lineEnd - 1 : lineEnd
        return {kind: 'heredoc', start, end: this.#at}
      }
      this.#heredocLine(depth)
      if (this.#at >= this.#text.length) throw this.#refuse(`the heredoc ${marker} is never closed`, start)
    }
  }

  /** Through the end of the line; an interpolation may hold line ends of its own. */
  #heredocLine(depth: number): void {
    for (;;) {
      const character = this.#text[this.#at]
      if (character === undefined) return
      if (this.#atInterpolation()) {
        this.#interpolation(depth)
        continue
      }
      this.#at += 1
      if (character === '\n') return
    }
  }

  /** `$${` is no interpolation, and is passed over here; what more of the sign before a brace mean is easily misread. */
  #atInterpolation(): boolean {
    const sign = this.#text[this.#at]
    if (sign !== '$' && sign !== '%') return false
    let run = this.#at
    while (this.#text[run] === sign) run += 1
    if (this.#text[run] !== '{') {
      // All of them are text: seen once, not once each.
      this.#at = run - 1
      return false
    }
    const count = run - this.#at
    if (count > 2) throw this.#refuse(`${sign.repeat(count)}{ can be read in two ways`)
    if (count === 2) this.#at = run
    return count === 1
  }

  #interpolation(depth: number): StringPart {
    const start = this.#at
    this.#at += 2
    const tokens = this.code(depth + 1)
    this.#at += 1
    return {kind: 'interpolation', start, end: this.#at, tokens}
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    return pattern.exec(this.#text)
  }

  #take(pattern: RegExp): boolean {
    if (!this.#match(pattern)) return false
    this.#at = pattern.lastIndex
    return true
  }

  #refuse(problem: string, offset = this.#at): TerraformRefusal {
    return new TerraformRefusal(lineAt(this.#text, offset), problem)
  }
}
