/** Where it stands: lines count from 1. */
export interface Place {
  readonly file: string
  readonly line: number
}

export type SyntaxValue =
  | {readonly kind: 'string'; readonly text: string; readonly line: number}
  | {readonly kind: 'number'; readonly value: number; readonly line: number}
  | {readonly kind: 'boolean'; readonly value: boolean; readonly line: number}
  | {readonly kind: 'date'; readonly text: string; readonly line: number}
  | {readonly kind: 'variable'; readonly name: string; readonly line: number}
  | {readonly kind: 'array'; readonly items: readonly SyntaxValue[]; readonly line: number}
  | {readonly kind: 'map'; readonly entries: readonly SyntaxEntry[]; readonly line: number}

export type SyntaxEntry =
  | {readonly kind: 'setting'; readonly key: string; readonly value: SyntaxValue; readonly line: number}
  | {readonly kind: 'include'; readonly path: string; readonly line: number}
