import {printable} from '../../domain/printable.ts'
import {paceOf, streamPace} from '../../domain/roll/meter.ts'
import type {StreamProgress} from '../../domain/roll/sync.ts'
import {humanBytes, humanDuration} from '../format.ts'
import {wrapText} from '../health/wrap.ts'
import {cutText, displayWidth} from '../table.ts'
import type {Tone} from '../terminal.ts'
import type {LiveModel, LiveNode} from './model.ts'
import {percent, sayPace, sayPredicates, sayShare} from './words.ts'

interface Style {
  readonly width: number
  readonly height: number
  paint(tone: Tone, text: string): string
}

/** Streams shown one by one while a node catches up: those that lack most. */
const STREAMS = 3
/** Lines that the reason of a wait may take. */
const REASON_LINES = 3

/** The live block: one line a node, and under the one that is worked on what it is doing. No line is wider than `width`. */
export function renderBlock(model: LiveModel, now: number, {width, height, paint}: Style): readonly string[] {
  // The last column stays free: a terminal may wrap when it is written to.
  const room = Math.max(20, width - 1)
  const names = Math.max(...model.nodes.map(({node}) => displayWidth(printable(node))), 4)
  const lines = model.nodes.flatMap((node) => {
    const isCurrent = node.node === model.current
    const line = nodeLine(model, node, now, Math.min(names, Math.floor(room / 2)))
    const [plain, tone] = [cutText(line, room), toneOf(node, isCurrent)]
    return [
      tone ? paint(tone, plain) : plain,
      ...(isCurrent ? details(model, room).map((each) => cutText(each, room)) : []),
    ]
  })
  return lines.length < height ? lines : lines.slice(0, Math.max(1, height - 1))
}

function nodeLine(model: LiveModel, node: LiveNode, now: number, names: number): string {
  const {state, startedAt, endedAt} = node
  const elapsed =
    startedAt === undefined || state === 'waiting' ? '' : humanDuration(Math.max(0, (endedAt ?? now) - startedAt))
  const name = cutText(printable(node.node), names)
  const padded = name + ' '.repeat(Math.max(0, names - displayWidth(name)))
  return `${padded}  ${state.padEnd(9)}  ${elapsed.padEnd(6)}  ${remark(model, node)}`.trimEnd()
}

function remark({current, samples, soak}: LiveModel, {node, state, syncedBytes}: LiveNode): string {
  if (state === 'DONE') return syncedBytes === undefined ? 'replaced before' : `${humanBytes(syncedBytes)} synced`
  if (node !== current) return ''
  if (state === 'SOAK' && soak)
    return `${humanDuration(soak.soakedMs)} of ${humanDuration(soak.settleMs)} without a break`
  const sync = samples.at(-1)?.sync
  if (state !== 'SYNC' || sync === undefined) return ''
  const {bytesPerSecond, secondsLeft} = paceOf(samples)
  const missing = sync.missing > 0 ? `${sync.missing} groups missing` : ''
  return [
    `${percent(sync.bytes, sync.bytesWanted)}% of ${humanBytes(sync.bytesWanted)}`,
    sayPace(bytesPerSecond, secondsLeft),
    missing,
  ]
    .filter((part) => part !== '')
    .join(', ')
}

function details(model: LiveModel, room: number): readonly string[] {
  const streams = model.state === 'SYNC' ? streamLines(model) : []
  const {waiting} = model
  if (waiting.length === 0) return streams
  return [...streams, ...wrapShort('    waits for ', printable(sayPredicates(waiting)), room)]
}

function streamLines({samples}: LiveModel): readonly string[] {
  const lacking = (each: StreamProgress): number => each.bytesWanted - each.bytes
  const unfinished = (samples.at(-1)?.sync.streams ?? []).filter((each) => lacking(each) > 0)
  const largest = [...unfinished].sort((a, b) => lacking(b) - lacking(a)).slice(0, STREAMS)
  const names = largest.map(({stream}) => cutText(printable(stream), 24))
  const width = Math.max(...names.map(displayWidth))
  return largest.map(({account, stream, bytes, bytesWanted}, index) => {
    const {bytesPerSecond, secondsLeft} = streamPace(samples, account, stream)
    const pace = sayPace(bytesPerSecond, secondsLeft)
    const name = names[index] ?? ''
    const padding = ' '.repeat(Math.max(0, width - displayWidth(name)))
    return `    ${name}${padding}  ${sayShare(bytes, bytesWanted)}${pace === '' ? '' : `, ${pace}`}`
  })
}

function wrapShort(lead: string, text: string, room: number): readonly string[] {
  const lines = wrapText(lead, text, room)
  if (lines.length <= REASON_LINES) return lines
  return [...lines.slice(0, REASON_LINES - 1), `${lines[REASON_LINES - 1] ?? ''} …`]
}

function toneOf({state}: LiveNode, isCurrent: boolean): Tone | undefined {
  if (state === 'DONE') return 'good'
  return isCurrent ? 'strong' : state === 'waiting' ? 'dim' : undefined
}
