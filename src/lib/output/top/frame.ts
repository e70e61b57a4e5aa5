import {printable} from '../../domain/printable.ts'
import type {ConnectionsLook} from '../../domain/top/look.ts'
import type {TopModel} from '../../domain/top/model.ts'
import {type ScreenRoom, type ScreenState, TOP_VIEWS, type TopView} from '../../domain/top/screen.ts'
import {humanBytes, humanCount, humanDuration, rfc3339} from '../format.ts'
import {type ListingColumn, renderListing, sortRows} from '../listing.ts'
import {cutText, displayWidth} from '../table.ts'
import type {Terminal, Tone} from '../terminal.ts'
import {CONNECTION_COLUMNS, CONSUMER_COLUMNS, NODE_COLUMNS, SORT_KEYS, STREAM_COLUMNS} from './columns.ts'

export interface FrameSize {
  readonly width: number
  readonly height: number
}

export interface FrameStyle extends FrameSize {
  readonly paint: Terminal['paint']
  readonly cluster: string
  readonly intervalMs: number
}

/** Below this nothing of use fits. */
const NARROWEST = 60
const LOWEST = 10

/** Lines above and below the rows: title, totals, views, trouble, header; keys. */
const AROUND = 6

/** What a key press has to know of the screen. */
export function roomOf(model: TopModel | undefined, state: ScreenState, {height}: FrameSize): ScreenRoom {
  const rows = model ? tableOf(model, state).count : 0
  return {rows, page: Math.max(1, height - AROUND), sortKeys: SORT_KEYS[state.view]}
}

/** The whole screen: exactly `height` lines, none wider than `width`, everything printable. Undefined: nothing seen yet. */
export function drawFrame(model: TopModel | undefined, state: ScreenState, style: FrameStyle): readonly string[] {
  const {width, height} = style
  if (width < NARROWEST || height < LOWEST) {
    const small = `the window is ${width}x${height}: top needs ${NARROWEST}x${LOWEST}`
    return fill([cutText(small, width), cutText('q quits', width)], height)
  }
  const body = state.help ? HELP : bodyOf(model, state, style)
  const lines = [titleOf(model, state, style), totalsOf(model, style), viewsOf(model, state, style)]
  const head = [...lines, state.help ? '' : troubleOf(model, state, style)]
  const rows = body.slice(0, height - head.length - 1)
  return [...fill([...head, ...rows], height - 1), footOf(state, style)]
}

/** The rows of one view, filtered and sorted, as far as drawing them is concerned. */
interface Table {
  readonly count: number
  render(from: number, count: number, style: FrameStyle, now: number): string
}

function tableOf(model: TopModel, state: ScreenState): Table {
  switch (state.view) {
    case 'nodes':
      return arrange(NODE_COLUMNS, model.nodes, state)
    case 'streams':
      return arrange(
        STREAM_COLUMNS,
        model.streams.map(({row}) => row),
        state,
      )
    case 'consumers':
      return arrange(
        CONSUMER_COLUMNS,
        model.consumers.map(({row}) => row),
        state,
      )
    case 'connections':
      return arrange(
        CONNECTION_COLUMNS,
        model.connections.map(({row}) => row),
        state,
      )
  }
}

function arrange<Row extends object>(
  columns: readonly ListingColumn<Row>[],
  rows: readonly Row[],
  {filter, orders, view}: ScreenState,
): Table {
  const wanted = filter.toLowerCase()
  const matching = wanted === '' ? rows : rows.filter((row) => namesOf(row).includes(wanted))
  const {key, descends} = orders[view]
  return {
    count: matching.length,
    render(from, count, {width, paint}, now) {
      const shown = sortRows(columns, matching, `${descends ? '-' : ''}${key}`).slice(from, from + count)
      return renderListing(columns, shown, {decorated: true, width, paint}, now)
    },
  }
}

function namesOf(row: object): string {
  return Object.values(row)
    .filter((value) => typeof value === 'string')
    .join('\n')
    .toLowerCase()
}

function bodyOf(model: TopModel | undefined, state: ScreenState, style: FrameStyle): readonly string[] {
  if (!model) return ['looking at every node ...']
  const table = tableOf(model, state)
  const page = Math.max(1, style.height - AROUND)
  const from = Math.max(0, Math.min(state.offset, table.count - page))
  if (table.count > 0) return table.render(from, page, style, model.look.observation.at).split('\n')
  if (state.filter !== '') return [cutText(`no ${state.view} with ${printable(state.filter)} in a name`, style.width)]
  const asking = state.view === 'connections' && model.look.connections === undefined
  return [asking ? 'asking for the connections ...' : `no ${state.view}`]
}

function titleOf(model: TopModel | undefined, state: ScreenState, {cluster, paint, width, intervalMs}: FrameStyle) {
  const down = model?.nodes.filter(({state: node}) => node === 'down').length ?? 0
  const seen: readonly Part[] = model
    ? [
        [`${model.nodes.length} nodes${down > 0 ? `, ${down} DOWN` : ''}`, down > 0 ? 'bad' : undefined],
        ...leaderOf(model),
      ]
    : []
  const parts: readonly Part[] = [
    ['natsops top', 'strong'],
    [cluster, 'strong'],
    ...seen,
    [state.paused ? 'PAUSED' : `every ${humanDuration(intervalMs)}`, state.paused ? 'warning' : 'dim'],
    [model ? rfc3339(model.look.observation.at).slice(11) : '', 'dim'],
  ]
  return join(parts, width, paint)
}

/** A leader that did not tell is not a group without one. */
function leaderOf({metaLeader, metaClaims, nodes}: TopModel): readonly Part[] {
  if (metaLeader !== null) return [[`leader ${metaLeader}`, undefined]]
  if (metaClaims === null) return nodes.length > 1 ? [['meta leader unknown', 'warning']] : []
  const [claimed, ...others] = metaClaims
  if (claimed === undefined) return [['NO META LEADER', 'bad']]
  if (others.length === 0) return [[`leader ${claimed}, not confirmed`, 'warning']]
  return [[`META LEADERS ${metaClaims.join(', ')}`, 'bad']]
}

function totalsOf(model: TopModel | undefined, {paint, width}: FrameStyle): string {
  if (!model) return ''
  const {totals} = model
  const parts: Part[] = [
    [`in ${rate(totals.inMessages)} ${bytes(totals.inBytes)}`, undefined],
    [`out ${rate(totals.outMessages)} ${bytes(totals.outBytes)}`, undefined],
    [`slow ${count(totals.slowConsumers)}`, totals.slowConsumers ? 'bad' : undefined],
    [`stored ${rate(totals.stored)}`, undefined],
    [`delivered ${rate(totals.delivered)}`, undefined],
    [`API errors ${rate(totals.apiErrors)}`, totals.apiErrors ? 'warning' : undefined],
    [`${count(totals.connections)} connections`, undefined],
  ]
  return join(parts, width, paint)
}

function viewsOf(model: TopModel | undefined, state: ScreenState, {paint, width}: FrameStyle): string {
  const counts: Readonly<Record<TopView, number | undefined>> = {
    nodes: model?.nodes.length,
    streams: model?.streams.length,
    consumers: model?.consumers.length,
    connections: model?.totals.connections ?? undefined,
  }
  const views = TOP_VIEWS.map((view, index): Part => {
    const text = `${index + 1} ${view} ${counts[view] === undefined ? '' : humanCount(counts[view])}`.trim()
    return view === state.view ? [`[${text}]`, 'strong'] : [text, 'dim']
  })
  const {key, descends} = state.orders[state.view]
  return join([...views, [`by ${key} ${descends ? '▼' : '▲'}`, undefined]], width, paint)
}

/** One line for what is wrong and has a reason; all of it is in natsops health. */
function troubleOf(model: TopModel | undefined, {view}: ScreenState, {paint, width}: FrameStyle): string {
  if (!model) return ''
  const nodes = model.nodes.flatMap(({node, state, why}) => (why === null ? [] : [`${node} ${state}: ${why}`]))
  const unseen = view === 'connections' ? unseenOf(model.look.connections) : []
  const [first, ...others] = [...nodes, ...unseen, ...model.look.warnings]
  if (first === undefined) return ''
  const more = others.length > 0 ? ` (and ${others.length} more)` : ''
  return paint('bad', `${cutText(printable(first), width - displayWidth(more))}${more}`)
}

function unseenOf(look: ConnectionsLook | undefined): readonly string[] {
  return look?.cannotSee ?? []
}

function footOf({typing, filter}: ScreenState, {paint, width}: FrameStyle): string {
  const shown = printable(filter)
  if (typing) return cutText(`filter: ${shown}_  (Enter keeps it, Esc clears it)`, width)
  const keys = 'q quit  1-4 view  s sort  r reverse  / filter  space pause  ? help'
  return filter === ''
    ? paint('dim', cutText(keys, width))
    : join(
        [
          [`filter: ${shown}`, 'warning'],
          [`Esc clears it  ${keys}`, 'dim'],
        ],
        width,
        paint,
      )
}

const HELP: readonly string[] = [
  '1 2 3 4, Tab      nodes, streams, consumers, connections',
  's S               sort by the next column, by the one before',
  'r                 the other way round',
  'arrows j k        scroll; PageUp, PageDown, Home, End',
  '/                 show only rows with this in a name; Esc shows all again',
  'space p           pause: servers are not asked',
  'Ctrl-Z            back to the shell; fg returns',
  'q Ctrl-C          quit',
  '',
  'A star marks the meta leader. BEHIND counts messages that a replica lacks, LAG',
  'RAFT entries. A dot in TREND is a look without a rate: the first, or a restart.',
  '',
  'any key closes this',
]

type Part = readonly [text: string, tone: Tone | undefined]

/** Parts two columns apart, as many as fit; the last one that does not is cut. */
function join(parts: readonly Part[], width: number, paint: Terminal['paint']): string {
  const painted: string[] = []
  let room = width
  for (const [text, tone] of parts) {
    if (room < 4) break
    const shown = cutText(printable(text), room)
    painted.push(tone ? paint(tone, shown) : shown)
    room -= displayWidth(shown) + 2
  }
  return painted.join('  ')
}

function fill(lines: readonly string[], height: number): readonly string[] {
  return Array.from({length: Math.max(0, height)}, (_, index) => lines[index] ?? '')
}

function rate(value: number | null): string {
  return value === null ? '-' : `${humanCount(value < 100 ? Math.round(value * 10) / 10 : Math.round(value))}/s`
}

function bytes(value: number | null): string {
  return value === null ? '-' : `${humanBytes(Math.round(value))}/s`
}

function count(value: number | null): string {
  return value === null ? '-' : humanCount(value)
}
