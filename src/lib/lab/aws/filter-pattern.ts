/** A term of a filter pattern and whether it must be there, must not, or is one of those of which one must be. */
interface Term {
  readonly text: string
  readonly kind: 'required' | 'forbidden' | 'optional'
}

/**
 * CloudWatch's simplest patterns: words and "texts" that must all be in the message, -without, ?any ?of. Case matters.
 * Undefined for the others (JSON, columns, regular expressions).
 */
export function readPattern(pattern: string): readonly Term[] | undefined {
  const terms: Term[] = []
  const term = /\s*([-?]?)(?:"((?:[^"\\]|\\.)*)"|([\w./:@-]+))(?=\s|$)/y
  const end = pattern.trimEnd().length
  while (term.lastIndex < end) {
    const found = term.exec(pattern)
    if (!found) return undefined
    const [, sign = '', quoted, word = ''] = found
    const kind = sign === '-' ? 'forbidden' : sign === '?' ? 'optional' : 'required'
    terms.push({text: quoted === undefined ? word : quoted.replaceAll(/\\(.)/g, '$1'), kind})
  }
  return terms
}

export function matchesPattern(terms: readonly Term[], message: string): boolean {
  const of = (kind: Term['kind']) => terms.filter((term) => term.kind === kind)
  const isIn = ({text}: Term) => message.includes(text)
  const optional = of('optional')
  return of('required').every(isIn) && !of('forbidden').some(isIn) && (optional.length === 0 || optional.some(isIn))
}
