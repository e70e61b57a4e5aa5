/** A position in a text, and the few steps from it that every part of the configuration's syntax takes. */
export class Cursor {
  protected readonly text: string
  protected at = 0
  #newlines: readonly number[] | undefined

  constructor(text: string) {
    this.text = text
  }

  protected skipDigits(): boolean {
    const start = this.at
    while (isDigit(this.character())) this.at += this.character().length
    return this.at > start
  }

  protected skipSpace(): void {
    while (isSpace(this.peek())) this.at += 1
  }

  protected skipBlanks(): void {
    while (this.takeOf(' \t')) {}
  }

  /** `#` or `//` up to the end of the line, which stays. */
  protected skipComment(): boolean {
    if (this.peek() !== '#' && !this.text.startsWith('//', this.at)) return false
    while (!this.ended() && !'\n\r\0'.includes(this.peek())) this.at += 1
    return true
  }

  protected ended(): boolean {
    return this.at >= this.text.length
  }

  /** One UTF-16 unit, or nothing at the end: all that the syntax knows is ASCII. */
  protected peek(): string {
    return this.text[this.at] ?? ''
  }

  /** A whole character. */
  protected character(): string {
    const point = this.text.codePointAt(this.at)
    return point === undefined ? '' : String.fromCodePoint(point)
  }

  protected take(character: string): boolean {
    if (this.peek() !== character) return false
    this.at += 1
    return true
  }

  protected takeOf(characters: string): boolean {
    const character = this.peek()
    if (character === '' || !characters.includes(character)) return false
    this.at += 1
    return true
  }

  /** Of a position, counting from 1. */
  protected line(at = this.at): number {
    this.#newlines ??= findAll(this.text, '\n')
    let [low, high] = [0, this.#newlines.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#newlines[middle] ?? 0) < at) low = middle + 1
      else high = middle
    }
    return low + 1
  }

  protected problem(message: string, at = this.at): SyntaxProblem {
    return new SyntaxProblem(message, this.line(at))
  }

  protected unexpected(expected: string): SyntaxProblem {
    const found = this.ended() ? 'the end of the file' : JSON.stringify(this.character())
    return this.problem(`${expected} expected, ${found} found`)
  }
}

/** A text that is not in the format. The message has no file and no value of the text in it: values may be secrets. */
export class SyntaxProblem extends Error {
  readonly line: number

  constructor(message: string, line: number) {
    super(message)
    this.line = line
  }
}

/** As Go's unicode.IsSpace. */
export function isSpace(character: string): boolean {
  return /^[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/.test(character)
}

export function isDigit(character: string): boolean {
  return /^\p{Nd}$/u.test(character)
}

function findAll(text: string, part: string): readonly number[] {
  const found: number[] = []
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) found.push(at)
  return found
}

/** The text ended where the server takes it for complete although something was begun. */
export class EndOfText extends Error {}
