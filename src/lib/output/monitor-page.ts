import {parseExactJson} from '../domain/exact-json.ts'
import {printableJson} from '../domain/printable.ts'
import type {Terminal} from './terminal.ts'

/** One node's page, so that output need not know where it comes from. */
export interface PageView {
  readonly node: string
  readonly text: string | undefined
  readonly problem: {readonly kind: string; readonly message: string} | undefined
}

/** One page: byte for byte in a pipe, indented and safe on a terminal. Empty where there is no JSON. */
export function renderPage({text}: PageView, {decorated}: Pick<Terminal, 'decorated'>): string {
  if (text === undefined) return ''
  return decorated ? `${printableJson(parseExactJson(text), {indented: true})}\n` : text
}

/** Pages of several nodes as one document, by node; where there is no page, `{"error": {"kind", "message"}}`. */
export function renderPages(pages: readonly PageView[]): string {
  return `${printableJson(Object.fromEntries(pages.map((page) => [page.node, bodyOf(page)])), {indented: true})}\n`
}

function bodyOf({text, problem}: PageView): unknown {
  return text === undefined ? {error: problem} : parseExactJson(text)
}
