import {printable} from '../../domain/printable.ts'
import type {State} from '../../domain/roll/algorithm.ts'
import type {RollReport} from '../../domain/roll/report.ts'
import {humanDuration} from '../format.ts'
import {cutText} from '../table.ts'

type Phase = 'before' | 'away' | 'sync' | 'soak'

/** States in the four phases that matter to whoever reads the picture. */
const PHASES: Partial<Readonly<Record<State, Phase>>> = {
  GATE: 'before',
  DRAIN: 'before',
  STOP: 'before',
  INTENT: 'before',
  TERMINATE: 'away',
  GONE: 'away',
  LAUNCH: 'away',
  JOIN: 'away',
  BOOTSTRAP: 'sync',
  SYNC: 'sync',
  VERIFY: 'soak',
  SOAK: 'soak',
}

const LEGEND: readonly (readonly [Phase, string])[] = [
  ['before', 'GATE to INTENT'],
  ['away', 'TERMINATE to JOIN: one node away'],
  ['sync', 'BOOTSTRAP and SYNC: back, not whole'],
  ['soak', 'VERIFY and SOAK: whole, watched'],
]

const [WIDTH, LABEL, ROW, BAR] = [960, 150, 34, 20] as const
/** What fits beside the bars. */
const LABEL_COLUMNS = 19

/** A row a node, a bar a stay in a state, as inline SVG. `toSafe` makes text safe for HTML. */
export function renderTimeline({nodes, startedAt}: RollReport, toSafe: (text: string) => string): string {
  const worked = nodes.filter(({spans}) => spans.length > 0)
  const ends = worked.flatMap(({spans}) => spans.map(({endedAt}) => endedAt))
  const span = Math.max(1, ...ends.map((to) => to - startedAt))
  const x = (at: number): number => LABEL + ((at - startedAt) / span) * (WIDTH - LABEL)
  const rows = worked.map(({node, spans}, index) => {
    const y = index * ROW + 8
    const bars = spans.map(({state, startedAt: from, endedAt: to}) => {
      // A stay of no time at the very end is still to be seen.
      const left = Math.min(x(from), WIDTH - 1)
      const width = Math.max(1, x(to) - left)
      const title = toSafe(`${node} ${state} ${humanDuration(to - from)}`)
      return `<rect class="${PHASES[state] ?? 'before'}" x="${left.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${BAR}"><title>${title}</title></rect>`
    })
    const label = cutText(printable(node), LABEL_COLUMNS)
    return `<text x="0" y="${y + 15}">${toSafe(label)}</text>${bars.join('')}`
  })
  const bottom = worked.length * ROW + 14
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const at = LABEL + part * (WIDTH - LABEL)
    const anchor = part === 1 ? 'end' : part === 0 ? 'start' : 'middle'
    return `<line x1="${at}" x2="${at}" y1="0" y2="${bottom}"/><text class="tick" text-anchor="${anchor}" x="${at}" y="${bottom + 14}">${part === 0 ? '0' : humanDuration(part * span)}</text>`
  })
  const legend = LEGEND.map(([phase, text]) => `<li><span class="${phase}"></span>${text}</li>`).join('')
  return `<div class="wide"><svg class="timeline" role="img" aria-label="time of each node in each state" viewBox="0 0 ${WIDTH} ${bottom + 20}">
${ticks.join('')}
${rows.join('\n')}
</svg></div>
<ul class="legend">${legend}</ul>`
}

export const TIMELINE_STYLE = `
.timeline { width: 100%; min-width: 40rem; height: auto; } .timeline text { fill: var(--ink); font-size: 13px; }
.timeline .tick { fill: var(--soft); font-size: 11px; } .timeline line { stroke: var(--line); }
.timeline .before { fill: #7b8794; } .timeline .away { fill: #d1495b; } .timeline .sync { fill: #e0a030; }
.timeline .soak { fill: #2e9e6b; }
.legend { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .3rem 1.5rem; font-size: .85rem;
  color: var(--soft); }
.legend span { display: inline-block; width: .8rem; height: .8rem; margin-right: .4rem; vertical-align: -1px; }
.legend .before { background: #7b8794; } .legend .away { background: #d1495b; } .legend .sync { background: #e0a030; }
.legend .soak { background: #2e9e6b; }
`
