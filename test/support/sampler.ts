import {setTimeout as delay} from 'node:timers/promises'

/**
 * Asks every node all the time what it holds, by its own word, and counts how many are down or unsynced at once.
 *
 * A node is down when its monitoring port refuses, or has not answered for `silentMs`: long, since on a starved machine
 * silence says nothing yet. It is unsynced when it lacked, at
 * the moment it was asked, something of any replicated stream that any node had `graceMs` before that: the highest last
 * sequence anybody showed then is the watermark, and up to it a stream that nothing is deleted from must be without a
 * hole. A node that comes back empty lacks far older things. On purpose simpler than natsops' own judgement, which is
 * what it checks.
 */
export interface Sampler {
  stop(): Promise<SamplerNumbers>
}

export interface SamplerNumbers {
  readonly samples: number
  /** Between two samples, milliseconds. */
  readonly medianGapMs: number
  /** The most nodes that were down or unsynced in one sample, and what was wrong with them the first time. */
  readonly worst: number
  readonly worstReasons: readonly string[]
  /** Milliseconds for which each node was down or unsynced. */
  readonly unsoundMs: Readonly<Record<string, number>>
}

export interface SampledNode {
  readonly name: string
  readonly monitorPort: number
}

interface State {
  readonly first: number
  readonly last: number
  readonly messages: number
}

interface Sighting {
  readonly at: number
  /** By account/stream; undefined: refused. */
  readonly streams: ReadonlyMap<string, State> | undefined
}

const EVERY_MS = 50
/** The roll's own stream comes and goes. */
const CANARY = 'NATSOPS_CANARY'

export function startSampler(
  nodes: readonly SampledNode[],
  {
    graceMs = 5_000,
    silentMs = 20_000,
    fullStreams = [],
  }: {
    readonly graceMs?: number
    readonly silentMs?: number
    /** Names of streams that nothing is deleted from. */
    readonly fullStreams?: readonly string[]
  } = {},
): Sampler {
  const stopping = new AbortController()
  const sightings = new Map<string, Sighting>()
  const history: {readonly at: number; readonly marks: ReadonlyMap<string, number>}[] = []
  const gaps: number[] = []
  const unsoundMs: Record<string, number> = Object.fromEntries(nodes.map(({name}) => [name, 0]))
  let worst = 0
  let worstReasons: readonly string[] = []

  const watch = async ({name, monitorPort}: SampledNode): Promise<void> => {
    while (!stopping.signal.aborted) {
      const at = performance.now()
      const streams = await ask(monitorPort, silentMs)
      if (streams !== 'silent') sightings.set(name, {at, streams})
      await delay(Math.max(5, EVERY_MS - (performance.now() - at)))
    }
  }

  const judge = async (): Promise<void> => {
    let before = performance.now()
    while (!stopping.signal.aborted) {
      await delay(EVERY_MS)
      const now = performance.now()
      if (sightings.size < nodes.length) continue
      const marks = new Map<string, number>()
      for (const {streams} of sightings.values()) {
        for (const [stream, {last}] of streams ?? []) marks.set(stream, Math.max(marks.get(stream) ?? 0, last))
      }
      history.push({at: now, marks})
      while ((history[1]?.at ?? now) <= now - silentMs - graceMs) history.shift()
      const unsound = nodes.flatMap(({name}) => {
        const sighting = sightings.get(name)
        const reference = history.findLast(({at}) => sighting !== undefined && at <= sighting.at - graceMs)
        const why = whatIsWrong(sighting, reference?.marks ?? new Map(), now - silentMs, fullStreams)
        return why === undefined ? [] : [{name, why}]
      })
      for (const {name} of unsound) unsoundMs[name] = (unsoundMs[name] ?? 0) + (now - before)
      if (unsound.length > worst) {
        worst = unsound.length
        worstReasons = unsound.map(({name, why}) => `${name}: ${why}`)
      }
      gaps.push(now - before)
      before = now
    }
  }

  const running = Promise.all([judge(), ...nodes.map(watch)])
  return {
    async stop() {
      stopping.abort()
      await running
      const sorted = [...gaps].sort((a, b) => a - b)
      const medianGapMs = Math.round(sorted[sorted.length >> 1] ?? 0)
      for (const name of Object.keys(unsoundMs)) unsoundMs[name] = Math.round(unsoundMs[name] ?? 0)
      return {samples: gaps.length, medianGapMs, worst, worstReasons, unsoundMs}
    },
  }
}

function whatIsWrong(
  sighting: Sighting | undefined,
  marks: ReadonlyMap<string, number>,
  silentSince: number,
  fullStreams: readonly string[],
): string | undefined {
  if (sighting === undefined || sighting.at < silentSince) return 'does not answer'
  const {streams} = sighting
  if (streams === undefined) return 'is down'
  for (const [stream, mark] of marks) {
    const own = streams.get(stream)
    if (own === undefined) return `lacks ${stream}`
    if (own.last < mark) return `holds ${stream} up to ${own.last} of ${mark}`
    const isFull = fullStreams.some((name) => stream.endsWith(`/${name}`))
    if (isFull && (own.first > 1 || own.messages < own.last)) return `has a hole in ${stream}`
  }
  return undefined
}

interface JetStreamView {
  readonly account_details?: readonly {
    readonly name: string
    readonly stream_detail?: readonly {
      readonly name: string
      readonly config?: {readonly num_replicas?: number}
      readonly state: {readonly first_seq: number; readonly last_seq: number; readonly messages: number}
    }[]
  }[]
}

/** Replicated streams by the node's own word; undefined where nothing listens or JetStream is off. */
async function ask(port: number, limitMs: number): Promise<ReadonlyMap<string, State> | undefined | 'silent'> {
  try {
    const signal = AbortSignal.timeout(limitMs)
    const response = await fetch(`http://127.0.0.1:${port}/jsz?accounts=true&streams=true&config=true`, {signal})
    const {account_details: accounts = []} = (await response.json()) as JetStreamView
    return new Map(
      accounts.flatMap(({name: account, stream_detail: streams = []}) =>
        streams
          .filter(({name, config}) => name !== CANARY && (config?.num_replicas ?? 1) > 1)
          .map(({name, state}) => [
            `${account}/${name}`,
            {first: state.first_seq, last: state.last_seq, messages: state.messages},
          ]),
      ),
    )
  } catch (error) {
    return error instanceof DOMException && error.name === 'TimeoutError' ? 'silent' : undefined
  }
}
