import {printable} from '../../domain/printable.ts'
import {describeHolder} from '../../domain/roll/lock.ts'
import {type NodeReport, type RollReport, timesOf} from '../../domain/roll/report.ts'
import {humanBytes, humanDuration, rfc3339} from '../format.ts'
import {headline, sayStall, statesOf} from './report.ts'
import {renderTimeline, TIMELINE_STYLE} from './timeline.ts'

/**
 * The report as one page that needs nothing else: no script, no font, no picture from elsewhere. Every name is text
 * from the outside and is escaped.
 */
export function renderReportHtml(report: RollReport): string {
  const title = escapeHtml(headline(report))
  const drivers = report.drivers.map(({holder, at, tookOver}) => {
    return `${describeHolder(holder)} at ${rfc3339(at)}${tookOver ? ' (took over)' : ''}`
  })
  const facts: readonly (readonly [string, string])[] = [
    ['account', report.account ?? '-'],
    ['region', report.region ?? '-'],
    ['strategy', report.strategy ?? '-'],
    ['settle', report.settleMs === null ? '-' : humanDuration(report.settleMs)],
    ['started', rfc3339(report.startedAt)],
    ['ended', report.endedAt === null ? '-' : rfc3339(report.endedAt)],
    ['driven by', drivers.join(', ') || '-'],
    ['publishes', sayStall(report.longestStallMs)],
  ]
  const end = report.end !== null && report.end.exit !== 0 ? section('End', pre(report.end.message)) : ''
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${STYLE}${TIMELINE_STYLE}</style>
</head>
<body>
<h1 class="${report.result}">${title}</h1>
<dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`).join('')}</dl>
${end}${section('Timeline', renderTimeline(report, escapeHtml))}
${section('Time in each state', times(report.nodes))}
${section('Nodes', nodes(report.nodes))}
${listSection(
  'Leaders moved',
  report.nodes.flatMap(({node, moved}) => moved.map(({group, to}) => `${node}: ${group} to ${to}`)),
)}${listSection(
  'Skipped',
  report.skipped.map(({node, what, why}) => `${about(node)}${what}: ${why}`),
)}${listSection(
  'Noticed',
  report.notices.map(({at, node, what}) => `${rfc3339(at)} ${about(node)}${what}`),
)}</body>
</html>
`
}

/** Text for an element or a quoted attribute; control characters become visible, as on a terminal. */
function escapeHtml(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

function times(nodes: readonly NodeReport[]): string {
  const worked = nodes.filter(({spans}) => spans.length > 0)
  if (worked.length === 0) return '<p>no node was begun</p>'
  const perNode = worked.map(timesOf)
  const rows = statesOf(worked).map((state) => [
    state,
    ...perNode.map((each) => (each.has(state) ? humanDuration(each.get(state) ?? 0) : '-')),
  ])
  const totals = perNode.map((each) => humanDuration([...each.values()].reduce((sum, time) => sum + time, 0)))
  return table(['state', ...worked.map(({node}) => node)], [...rows, ['total', ...totals]])
}

function nodes(reports: readonly NodeReport[]): string {
  return table(
    ['node', 'outcome', 'chosen as', 'was', 'is', 'version', 'stopped', 'synced'],
    reports.map(({node, outcome, reason, before, after, stopped, syncedBytes}) => [
      node,
      outcome,
      reason ?? '-',
      place(before),
      place(after),
      [...new Set([before?.version, after?.version].flatMap((version) => version ?? []))].join(' to ') || '-',
      stopped ?? '-',
      syncedBytes === null ? '-' : humanBytes(syncedBytes),
    ]),
  )
}

function place(identity: NodeReport['before']): string {
  return identity === null ? '-' : [identity.instanceId, identity.privateIp ?? []].flat().join(' ') || '-'
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: 'th' | 'td', row: readonly string[]): string =>
    `<tr>${row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`
  return `<div class="wide"><table><thead>${cells('th', head)}</thead><tbody>\n${rows.map((row) => cells('td', row)).join('\n')}\n</tbody></table></div>`
}

function section(title: string, body: string): string {
  return `<h2>${title}</h2>\n${body}\n`
}

function listSection(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return ''
  return section(title, `<ul>\n${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('\n')}\n</ul>`)
}

function pre(text: string): string {
  return `<pre>${text.split('\n').map(escapeHtml).join('\n')}</pre>`
}

function about(node: string | null): string {
  return node === null ? '' : `${node}: `
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #d5dbe3; --paper: #fff; --good: #1a7f4b;
  --bad: #b3261e; --warning: #8a6100; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9f0; --soft: #9aa6b5; --line: #343e4b; --paper: #12171e;
  --good: #5fce96; --bad: #ff8b80; --warning: #e5b94c; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 68rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; overflow-wrap: anywhere; } h2 { font-size: 1.05rem; margin-top: 2rem; }
h1.done { color: var(--good); } h1.held { color: var(--bad); }
h1.interrupted, h1.aborted, h1.unfinished { color: var(--warning); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th, td:first-child { white-space: nowrap; } th { color: var(--soft); font-weight: 600; } .wide { overflow-x: auto; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border-left: 3px solid var(--bad); padding-left: .8rem; }
li { overflow-wrap: anywhere; }
`
