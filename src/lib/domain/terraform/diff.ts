import {lineAt} from './lexer.ts'
import {applyEdit, type Edit} from './switch.ts'

const CONTEXT = 3

/**
 * One edit as a unified diff that patch and git apply accept. It changes one place, so that there is one hunk and
 * nothing to search for. The last character is a line end.
 */
export function unifiedDiff(path: string, before: string, edit: Edit): string {
  const after = applyEdit(before, edit)
  const [old, now] = [linesOf(before), linesOf(after)]
  const first = lineAt(before, edit.start) - 1
  const last = lineAt(before, edit.end) - 1
  const lastNow = last + now.length - old.length
  const start = Math.max(0, first - CONTEXT)
  const end = Math.min(old.length, last + 1 + CONTEXT)
  const endNow = end + now.length - old.length
  const hunk = [
    ...old.slice(start, first).map((line) => ` ${line}`),
    ...old.slice(first, last + 1).map((line) => `-${line}`),
    ...now.slice(first, lastNow + 1).map((line) => `+${line}`),
    ...old.slice(last + 1, end).map((line) => ` ${line}`),
  ].map((line) => (line.endsWith('\n') ? line : `${line}\n\\ No newline at end of file\n`))
  const range = (from: number, to: number): string => `${from + 1},${to - from}`
  return `--- a/${path}\n+++ b/${path}\n@@ -${range(start, end)} +${range(start, endNow)} @@\n${hunk.join('')}`
}

/** Each with its line end; the last one may have none. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}
