import {parseExactJson} from '../domain/exact-json.ts'
import type {Terminal} from './terminal.ts'
import {printableLines} from './text.ts'

/** One node's page, so that output need not know where it comes from. */
export interface PageView {
  readonly node: string
  readonly text: string | undefined
  readonly problem: {readonly kind: string; readonly message: string} | undefined
}

/** One page: byte for byte in a pipe, indented and safe on a terminal. Empty where there is no JSON. */
export function renderPage({text}: PageView, {decorated}: Pick<Terminal, 'decorated'>): string {
  if (text === undefined) return ''
  return decorated ? `${printableLines(indent(parseExactJson(text)))}\n` : text
}

/** Pages of several nodes as one document, by node; where there is no page, `{"error": {"kind", "message"}}`. */
export function renderPages(pages: readonly PageView[], {decorated}: Pick<Terminal, 'decorated'>): string {
  const document = `${indent(Object.fromEntries(pages.map((page) => [page.node, bodyOf(page)])))}\n`
  return decorated ? printableLines(document) : document
}

function bodyOf({text, problem}: PageView): unknown {
  return text === undefined ? {error: problem} : parseExactJson(text)
}

function indent(value: unknown): string {
  return JSON.stringify(value, undefined, 2)
}
