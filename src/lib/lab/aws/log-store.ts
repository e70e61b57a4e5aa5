/** CloudWatch Logs as the account keeps them: groups of streams of events, in the order of their times. */

export interface LogEvent {
  readonly id: string
  /** Milliseconds since the epoch, as whoever wrote it says. */
  readonly at: number
  readonly ingestedAt: number
  readonly message: string
}

export interface LogStream {
  readonly name: string
  readonly createdAt: number
  readonly events: readonly LogEvent[]
}

interface Stream extends LogStream {
  readonly events: LogEvent[]
}

const eventsKept = 1000
const streamsKept = 500

export class LogStore {
  readonly #groups = new Map<string, {readonly createdAt: number; readonly streams: Map<string, Stream>}>()
  #count = 0

  createGroup(name: string, createdAt: number): void {
    if (!this.#groups.has(name)) this.#groups.set(name, {createdAt, streams: new Map()})
  }

  put(group: string, stream: string, at: number, message: string): void {
    this.createGroup(group, at)
    const streams = this.#groups.get(group)?.streams ?? new Map<string, Stream>()
    const {events} = streams.get(stream) ?? addStream(streams, stream, at)
    this.#count += 1
    events.push({id: String(this.#count).padStart(56, '3'), at, ingestedAt: at, message})
    if (events.length > eventsKept) events.shift()
  }

  /** Sorted by name. */
  groups(): readonly {readonly name: string; readonly createdAt: number}[] {
    return [...this.#groups]
      .map(([name, {createdAt}]) => ({name, createdAt}))
      .sort((one, other) => (one.name < other.name ? -1 : 1))
  }

  /** Sorted by name; undefined where there is no such group. */
  streams(group: string): readonly LogStream[] | undefined {
    const found = this.#groups.get(group)
    return found && [...found.streams.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
  }
}

function addStream(streams: Map<string, Stream>, name: string, createdAt: number): Stream {
  const stream: Stream = {name, createdAt, events: []}
  streams.set(name, stream)
  const [oldest] = streams.keys()
  if (streams.size > streamsKept && oldest !== undefined) streams.delete(oldest)
  return stream
}
