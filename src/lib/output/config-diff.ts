import {printable} from '../domain/printable.ts'
import {wrapText} from './health/wrap.ts'
import type {Terminal} from './terminal.ts'

interface Drift {
  readonly node: string
  readonly state: string
  readonly problem: string | null
  readonly differences: readonly Difference[]
}

interface Difference {
  readonly setting: string
  readonly described: unknown
  readonly running: unknown
}

type Style = Pick<Terminal, 'decorated' | 'width' | 'paint'>

/**
 * On a terminal a block a node, because names of accounts and digests are too wide for columns; in a pipe a record a
 * difference (node, setting, described, running) and one for a node without any. Without a final newline.
 */
export function renderDrift(nodes: readonly Drift[], style: Style): string {
  const blocks = style.decorated ? nodes.map((node) => blockOf(node, style)) : nodes.map(recordsOf)
  return blocks.flat().join('\n')
}

function recordsOf(drift: Drift): readonly string[] {
  const {node, problem, differences} = drift
  const rows = differences.map(({setting, described, running}) => [node, setting, show(described), show(running)])
  const all = rows.length > 0 ? rows : [[node, titleOf(drift), '-', problem ?? '-']]
  return all.map((row) => row.map(printable).join('\t'))
}

function blockOf(drift: Drift, {width, paint}: Style): readonly string[] {
  const {node, state, problem, differences} = drift
  const title = paint(state === 'same' ? 'good' : 'warning', titleOf(drift))
  const lines = differences.flatMap(({setting, described, running}) => {
    const values = `described ${printable(show(described))}, running ${printable(show(running))}`
    return [`  ${printable(setting)}`, ...wrapText('    ', values, width)]
  })
  const reason = problem === null ? [] : wrapText('  ', printable(problem), width)
  return [`${paint('strong', printable(node))}  ${title}`, ...reason, ...lines]
}

function titleOf({state}: Drift): string {
  return state === 'same' ? 'as described' : state
}

function show(value: unknown): string {
  return value === null ? '-' : String(value)
}
