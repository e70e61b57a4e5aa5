import type {SyncProgress} from './sync.ts'

/** How fast a node catches up, from the progress of the last seconds. */
export interface Pace {
  readonly bytesPerSecond: number
  /** Undefined while nothing moves. */
  readonly secondsLeft: number | undefined
}

interface Sample {
  readonly at: number
  readonly sync: SyncProgress
}

/** Samples older than this say nothing about the present, milliseconds. */
const WINDOW_MS = 15_000

/** The samples to keep, with a new one: those of the same node in the window. */
export function addSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  return [...samples.filter(({at, sync}) => sync.node === sample.sync.node && sample.at - at <= WINDOW_MS), sample]
}

/** Pace of the whole node. */
export function paceOf(samples: readonly Sample[]): Pace {
  return paceBy(samples, ({bytes, bytesWanted}) => ({bytes, bytesWanted}))
}

/** Pace of one stream. */
export function streamPace(samples: readonly Sample[], account: string, stream: string): Pace {
  return paceBy(samples, ({streams}) => streams.find((each) => each.account === account && each.stream === stream))
}

type Held = {readonly bytes: number; readonly bytesWanted: number}

function paceBy(samples: readonly Sample[], pick: (sync: SyncProgress) => Held | undefined): Pace {
  const first = samples[0]
  const last = samples.at(-1)
  const from = first && pick(first.sync)
  const to = last && pick(last.sync)
  if (!from || !to || last.at <= first.at) return {bytesPerSecond: 0, secondsLeft: undefined}
  const bytesPerSecond = Math.max(0, ((to.bytes - from.bytes) * 1000) / (last.at - first.at))
  const left = Math.max(0, to.bytesWanted - to.bytes)
  return {bytesPerSecond, secondsLeft: left === 0 ? 0 : bytesPerSecond > 0 ? left / bytesPerSecond : undefined}
}
