import {printable} from '../../domain/printable.ts'
import type {RollEvent} from '../../domain/roll/events.ts'
import {paceOf} from '../../domain/roll/meter.ts'
import {rfc3339} from '../format.ts'
import {wrapText} from '../health/wrap.ts'
import type {Conversation} from '../terminal.ts'
import {renderBlock} from './block.ts'
import {applyEvent, type LiveModel, type LiveNode, newModel} from './model.ts'
import {openRedraw} from './redraw.ts'
import {sayEvent, sayMoves, sayPace, sayShare, topicOf} from './words.ts'

/** What the operator sees of a roll while it runs. */
export interface RollProgress {
  report(event: RollEvent): void
  /** At the first signal: what is in flight and what happens now. */
  interrupt(resume: string): void
  /** No timer and no hidden cursor stay behind. */
  end(): void
}

export interface ProgressOptions {
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number
  /** Nodes still to do, and those that are done, by name. */
  readonly remaining: readonly string[]
  readonly done?: readonly string[]
}

/** How often a terminal is redrawn while nothing happens, and how often a pipe hears of a long SYNC, milliseconds. */
const TICK_MS = 1000
const NEWS_MS = 30_000

export function openRollProgress(screen: Conversation, options: ProgressOptions): RollProgress {
  if (screen.quiet) return {report: () => {}, interrupt: () => {}, end: () => {}}
  return screen.animated ? liveProgress(screen, options) : lineProgress(screen, options)
}

/** Events that stay to be read above the block; the others are what the block itself shows. */
const LASTING: ReadonlySet<RollEvent['type']> = new Set<RollEvent['type']>([
  'skipped',
  'noticed',
  'stopped',
  'terminated',
  'joined',
  'replaced',
  'resumed',
])

function liveProgress(screen: Conversation, {now, remaining, done}: ProgressOptions): RollProgress {
  let model = newModel(remaining, done)
  const moves = collectMoves()
  const redraw = openRedraw(screen)
  const draw = (): void => redraw.draw(renderBlock(model, now(), screen))
  const print = (text: string): void => {
    const lines = wrapText('', printable(text), screen.width - 3)
    for (const [index, line] of lines.entries()) redraw.print(index === 0 ? line : `  ${line}`)
  }
  const timer = setInterval(draw, TICK_MS)
  timer.unref()
  return {
    report(event) {
      model = applyEvent(model, event)
      const text = moves(event) ?? (LASTING.has(event.type) ? sayEvent(event) : undefined)
      if (text !== undefined) print(text)
      draw()
    },
    interrupt(resume) {
      for (const line of sayInterruption(model, resume)) print(line)
    },
    end() {
      clearInterval(timer)
      draw()
      redraw.end()
    },
  }
}

/** One line a change, with its time; what is waited for is said again only when it is something else. */
function lineProgress(screen: Conversation, {now, remaining, done}: ProgressOptions): RollProgress {
  let model = newModel(remaining, done)
  const moves = collectMoves()
  let topic = ''
  let newsAt = 0
  const print = (at: number, text: string): void => screen.write(`${rfc3339(at)} ${printable(text)}\n`)
  return {
    report(event) {
      model = applyEvent(model, event)
      if (event.type === 'state') topic = ''
      const moved = moves(event)
      if (moved !== undefined) print(event.at, moved)
      if (event.type === 'moved') return
      if (event.type === 'waiting') {
        const next = topicOf(event.predicates)
        if (next === topic || event.predicates.length === 0) return
        topic = next
      }
      if (event.type === 'progress') {
        if (newsAt === 0) newsAt = event.at
        if (event.at - newsAt < NEWS_MS) return
        newsAt = event.at
        const {bytesPerSecond, secondsLeft} = paceOf(model.samples)
        const pace = sayPace(bytesPerSecond, secondsLeft)
        const share = sayShare(event.sync.bytes, event.sync.bytesWanted)
        return print(event.at, `${event.node} SYNC ${share}${pace === '' ? '' : `, ${pace}`}`)
      }
      const text = sayEvent(event)
      if (text !== undefined) print(event.at, text)
    },
    interrupt(resume) {
      for (const line of sayInterruption(model, resume)) print(now(), line)
    },
    end: () => {},
  }
}

/** A node may lead hundreds of groups: they are said together, when the next state begins. */
function collectMoves(): (event: RollEvent) => string | undefined {
  let moved: Extract<RollEvent, {type: 'moved'}>[] = []
  return (event) => {
    if (event.type === 'moved') moved.push(event)
    const [first] = moved
    if (event.type !== 'state' || first === undefined) return undefined
    const text = `${first.node} ${sayMoves(moved)}`
    moved = []
    return text
  }
}

function sayInterruption({nodes, current, state}: LiveModel, resume: string): readonly string[] {
  const node = nodes.find((each) => each.node === current)
  const where = node ? `${node.node} is in ${state}; ${standingOf(node)}` : 'no node is in flight'
  return [`${where}; stopping at the next safe point; press Ctrl-C again to leave at once`, `go on later: ${resume}`]
}

function standingOf({isCommitted, isStopped}: LiveNode): string {
  if (isCommitted) return 'its instance is being replaced, which AWS finishes with or without natsops'
  return isStopped ? 'its server is stopped and will be started again first' : 'its instance is untouched'
}
