import {DEEPEST, lineAt, TerraformRefusal, type Token, tokenize} from './lexer.ts'

/** `name = value`, its value as tokens. */
export interface Attribute {
  readonly name: Token
  readonly value: readonly Token[]
}

/** `type "label" {...}`. */
export interface Block {
  readonly type: Token
  readonly labels: readonly Token[]
  readonly body: Body
}

export interface Body {
  readonly attributes: readonly Attribute[]
  readonly blocks: readonly Block[]
}

/**
 * The blocks and attributes of a Terraform file; expressions stay tokens.
 * @throws TerraformRefusal
 */
export function parseTerraform(text: string): {readonly tokens: readonly Token[]; readonly body: Body} {
  const tokens = tokenize(text)
  return {tokens, body: new Parser(text, tokens).body(0)}
}

class Parser {
  readonly #text: string
  readonly #tokens: readonly Token[]
  #index = 0

  constructor(text: string, tokens: readonly Token[]) {
    this.#text = text
    this.#tokens = tokens
  }

  /** Up to the end of the file, or to the brace that closes the block. */
  body(depth: number): Body {
    if (depth > DEEPEST) throw this.#refuse('blocks are nested too deeply')
    const attributes: Attribute[] = []
    const blocks: Block[] = []
    for (;;) {
      const token = this.#tokens[this.#index]
      if (token === undefined) return {attributes, blocks}
      if (token.kind === 'close') {
        if (depth === 0) throw this.#refuse(`${this.#textOf(token)} closes nothing`)
        return {attributes, blocks}
      }
      if (token.kind === 'newline') {
        this.#index += 1
        continue
      }
      if (token.kind !== 'identifier') throw this.#refuse(`expected a name, found ${this.#textOf(token)}`)
      this.#index += 1
      if (this.#is('=')) attributes.push({name: token, value: this.#value()})
      else blocks.push(this.#block(token, depth))
    }
  }

  /** The tokens up to the end of the line, or of a block on one line; brackets hold line ends together. */
  #value(): readonly Token[] {
    this.#index += 1
    const first = this.#index
    let open = 0
    for (; ; this.#index += 1) {
      const token = this.#tokens[this.#index]
      if (token === undefined || (open === 0 && (token.kind === 'newline' || token.kind === 'close'))) break
      if (token.kind === 'open') open += 1
      if (token.kind === 'close') open -= 1
    }
    if (this.#index === first) throw this.#refuse('expected a value')
    return this.#tokens.slice(first, this.#index)
  }

  #block(type: Token, depth: number): Block {
    const labels: Token[] = []
    for (;;) {
      const token = this.#tokens[this.#index]
      if (token?.kind !== 'string' && token?.kind !== 'identifier') break
      labels.push(token)
      this.#index += 1
    }
    if (!this.#is('{')) throw this.#refuse(`expected = or { after ${this.#textOf(labels.at(-1) ?? type)}`)
    this.#index += 1
    const body = this.body(depth + 1)
    if (!this.#is('}')) throw this.#refuse('expected }')
    this.#index += 1
    const next = this.#tokens[this.#index]
    if (next && next.kind !== 'newline' && next.kind !== 'close') throw this.#refuse('expected the end of the line')
    return {type, labels, body}
  }

  #is(text: string): boolean {
    const token = this.#tokens[this.#index]
    return token !== undefined && this.#textOf(token) === text
  }

  #textOf({start, end}: Token): string {
    return this.#text.slice(start, Math.min(end, start + 40))
  }

  #refuse(problem: string): TerraformRefusal {
    const token = this.#tokens[this.#index] ?? this.#tokens.at(-1)
    return new TerraformRefusal(lineAt(this.#text, token?.start ?? 0), problem)
  }
}
