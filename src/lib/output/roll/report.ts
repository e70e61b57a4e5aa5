import {printable} from '../../domain/printable.ts'
import {counted} from '../../domain/quantity.ts'
import {type State, states} from '../../domain/roll/algorithm.ts'
import {describeHolder} from '../../domain/roll/lock.ts'
import {type NodeReport, type RollReport, timesOf} from '../../domain/roll/report.ts'
import {humanBytes, humanDuration, rfc3339} from '../format.ts'
import {wrapText} from '../health/wrap.ts'
import {type Column, displayWidth, renderTable} from '../table.ts'
import type {Terminal, Tone} from '../terminal.ts'
import {sayMoves} from './words.ts'

type Style = Pick<Terminal, 'width' | 'decorated' | 'paint'>

const TONES: Readonly<Record<RollReport['result'], Tone>> = {
  done: 'good',
  held: 'bad',
  interrupted: 'warning',
  aborted: 'warning',
  unfinished: 'warning',
}

/**
 * The report of a roll: for people on a terminal, one record a line in a pipe. `withEnd`: say why it ended early; left
 * out where the error itself follows.
 */
export function renderReport(report: RollReport, style: Style, {withEnd = true} = {}): string {
  return style.decorated ? renderReportScreen(report, style, withEnd) : renderReportRecords(report)
}

function renderReportScreen(report: RollReport, style: Style, withEnd = true): string {
  const wrap = (lead: string, text: string): readonly string[] => wrapText(lead, printable(text), style.width)
  const where = [report.account === null ? [] : `account ${report.account}`, report.region ?? []].flat().join(', ')
  const by = report.drivers.map(({holder, at}) => `${describeHolder(holder)} at ${rfc3339(at)}`).join(', then ')
  const blocks = [
    wrap('', headline(report)).map((line) => style.paint(TONES[report.result], line)),
    [...wrap('', `started by ${by || 'nobody known'}${where === '' ? '' : ` (${where})`}`)],
    ...timeTables(report, style).map((table) => [table]),
    report.nodes.flatMap((node) => nodeLines(node, style)),
    remarkLines(report, wrap),
    withEnd && report.end !== null && report.end.exit !== 0 ? endLines(report.end.message, wrap) : [],
  ]
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')
}

/** `roll 2026... of nats-prod: done, 3 of 3 nodes replaced in 12m4s`. */
export function headline({roll, cluster, result, end, nodes, startedAt, endedAt}: RollReport): string {
  const replaced = nodes.filter(({outcome}) => outcome === 'replaced').length
  const how = end !== null && result === 'held' ? `held (${end.code}, exit ${end.exit})` : result
  const time = endedAt === null ? '' : ` in ${humanDuration(endedAt - startedAt)}`
  const of = cluster === null ? '' : ` of ${cluster}`
  return `roll ${roll}${of}: ${how}, ${replaced} of ${counted(nodes.length, 'node')} replaced${time}`
}

/** States that any node was in, in the order of the algorithm. */
export function statesOf(nodes: readonly NodeReport[]): readonly State[] {
  return states.filter((state) => nodes.some(({spans}) => spans.some((span) => span.state === state)))
}

/** Time in each state, a column a node; as many tables as it takes for all nodes to be seen. */
function timeTables({nodes}: RollReport, style: Style): readonly string[] {
  const worked = nodes.filter(({spans}) => spans.length > 0)
  const rows = [...statesOf(worked), 'total' as const]
  const tables: string[] = []
  for (let rest = worked; rest.length > 0; ) {
    const count = fitting(rest, style.width)
    const columns: readonly Column<State | 'total'>[] = [
      {header: 'STATE', value: (state) => state, whole: true},
      ...rest.slice(0, count).map((node): Column<State | 'total'> => {
        const times = timesOf(node)
        const total = [...times.values()].reduce((sum, each) => sum + each, 0)
        const value = (state: State | 'total'): string => {
          const time = state === 'total' ? total : times.get(state)
          return time === undefined ? '-' : humanDuration(time)
        }
        return {header: printable(node.node), value, align: 'right'}
      }),
    ]
    tables.push(renderTable(columns, rows, style))
    rest = rest.slice(count)
  }
  return tables
}

/** How many node columns fit beside the states; one at least. */
function fitting(nodes: readonly NodeReport[], width: number): number {
  let used = 'BOOTSTRAP'.length
  let count = 0
  for (const {node} of nodes) {
    used += 2 + Math.max(6, displayWidth(printable(node)))
    if (used > width) break
    count += 1
  }
  return Math.max(1, count)
}

/** Ids are there to be copied: wrapped, never cut. */
function nodeLines({node, outcome, before, after, syncedBytes}: NodeReport, {width, paint}: Style): readonly string[] {
  const facts = [
    change(before?.instanceId, after?.instanceId),
    before?.version === undefined && after?.version === undefined
      ? ''
      : `server ${change(before?.version, after?.version)}`,
    syncedBytes === null ? '' : `${humanBytes(syncedBytes)} synced`,
  ].filter((fact) => fact !== '')
  const tone = outcome === 'replaced' ? 'good' : outcome === 'unfinished' ? 'bad' : 'dim'
  const lines = wrapText(`${printable(node)}  `, printable(`${outcome}: ${facts.join(', ')}`), width)
  return lines.map((line, index) =>
    index === 0 ? line.replace(`  ${outcome}`, () => `  ${paint(tone, outcome)}`) : line,
  )
}

function change(before: string | undefined, after: string | undefined): string {
  if (before === undefined || after === undefined || before === after) return after ?? before ?? 'unknown'
  return `${before} > ${after}`
}

type Wrap = (lead: string, text: string) => readonly string[]

function remarkLines({nodes, skipped, notices, longestStallMs}: RollReport, wrap: Wrap): readonly string[] {
  const about = (node: string | null, text: string): string => (node === null ? text : `${node}: ${text}`)
  return [
    ...wrap('stall     ', sayStall(longestStallMs)),
    ...nodes.flatMap(({node, moved}) => (moved.length === 0 ? [] : wrap('drained   ', `${node}: ${sayMoves(moved)}`))),
    ...nodes.flatMap(({node, stopped}) => (stopped === null ? [] : wrap('stopped   ', `${node}: ${stopped}`))),
    ...unique(skipped.map(({node, what, why}) => about(node, `${what}: ${why}`))).flatMap((text) =>
      wrap('skipped   ', text),
    ),
    ...unique(notices.map(({node, what}) => about(node, what))).flatMap((text) => wrap('noticed   ', text)),
  ]
}

/** A resume says again what was said before it. */
function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)]
}

/** The longest time a publisher that asks for acknowledgements had to wait. */
export function sayStall(stallMs: number | null): string {
  return stallMs === null
    ? 'the longest publish stall is not known'
    : `the longest publish stall was ${humanDuration(stallMs)}`
}

function endLines(message: string, wrap: Wrap): readonly string[] {
  const [first = '', ...reasons] = message.split('\n')
  return [...wrap('ended     ', first), ...reasons.flatMap((line) => wrap('          ', line.trim()))]
}

/**
 * For scripts, tab separated, times in RFC 3339, durations in seconds, a dash where nothing is known: roll (id, cluster,
 * result, exit, started, ended, longest stall), node (name, outcome, old instance, new instance, bytes), state (node,
 * state, from, to), moved (node, group, to), skipped (node, what, why), noticed (node, what).
 */
function renderReportRecords(report: RollReport): string {
  const {roll, cluster, result, end, startedAt, endedAt, longestStallMs, nodes, skipped, notices} = report
  const seconds = longestStallMs === null ? null : longestStallMs / 1000
  const records: readonly (readonly (string | number | null | undefined)[])[] = [
    ['roll', roll, cluster, result, end?.exit, rfc3339(startedAt), endedAt === null ? null : rfc3339(endedAt), seconds],
    ...nodes.map(({node, outcome, before, after, syncedBytes}) => {
      return ['node', node, outcome, before?.instanceId, after?.instanceId, syncedBytes]
    }),
    ...nodes.flatMap(({node, spans}) =>
      spans.map(({state, startedAt, endedAt}) => ['state', node, state, rfc3339(startedAt), rfc3339(endedAt)]),
    ),
    ...nodes.flatMap(({node, moved}) => moved.map(({group, to}) => ['moved', node, group, to])),
    ...skipped.map(({node, what, why}) => ['skipped', node, what, why]),
    ...notices.map(({node, what}) => ['noticed', node, what]),
  ]
  return records.map((fields) => fields.map((field) => printable(String(field ?? '-'))).join('\t')).join('\n')
}
