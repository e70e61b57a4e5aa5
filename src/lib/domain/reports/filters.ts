import type {ConsumerRow, MemberRow, StreamRow} from './rows.ts'

/** Which streams are wanted: all conditions that are given have to be met. */
export interface StreamFilter {
  /** Names, or patterns with * and ?; any of them. None: every name. */
  readonly patterns: readonly string[]
  /** Whole server name. */
  readonly leader?: string | undefined
  readonly replicas?: number | undefined
  /** Only where a replica lacks something, or is not there at all. */
  readonly behind?: boolean
  /** Delivered and not acknowledged: more than this. */
  readonly unackedOver?: number | undefined
}

/** As StreamFilter, for consumers; `patterns` are of consumers' names. */
export type ConsumerFilter = StreamFilter & {readonly pendingOver?: number | undefined}

export function filterStreams(rows: readonly StreamRow[], filter: StreamFilter): readonly StreamRow[] {
  const matches = matcherOf(filter.patterns)
  return rows.filter((row) => {
    const {stream, unacknowledged} = row
    return matches(stream) && meets(row, filter) && isOver(unacknowledged, filter.unackedOver)
  })
}

export function filterConsumers(rows: readonly ConsumerRow[], filter: ConsumerFilter): readonly ConsumerRow[] {
  const matches = matcherOf(filter.patterns)
  return rows.filter((row) => {
    const {consumer, ackPending, pending} = row
    const isBusy = isOver(ackPending, filter.unackedOver) && isOver(pending, filter.pendingOver)
    return matches(consumer) && meets(row, filter) && isBusy
  })
}

/** The first name without a wildcard that none of the rows has. */
export function missingName(patterns: readonly string[], names: ReadonlySet<string>): string | undefined {
  return patterns.find((pattern) => !/[*?]/.test(pattern) && !names.has(pattern))
}

/** Whether a name is one of these, where * stands for any characters and ? for one. Everything matches none. */
export function matcherOf(patterns: readonly string[]): (name: string) => boolean {
  if (patterns.length === 0) return () => true
  const alternatives = patterns.map((pattern) =>
    pattern
      .replace(/[\\^$.+()[\]{}|]/g, '\\$&')
      .replace(/\*+/g, '.*')
      .replaceAll('?', '.'),
  )
  const expression = new RegExp(`^(?:${alternatives.join('|')})$`, 'su')
  return (name) => expression.test(name)
}

/** Whether a replica is known to lack something: by what it holds itself, else by its leader's word. */
export function lacksSomething({presence, behind, current, offline}: MemberRow): boolean {
  if (presence === 'missing' || presence === 'ghost' || presence === 'silent') return true
  return behind === null ? current === false || offline === true : behind > 0
}

function meets({leader, replicas, members}: StreamRow | ConsumerRow, filter: StreamFilter): boolean {
  if (filter.leader !== undefined && leader !== filter.leader) return false
  if (filter.replicas !== undefined && replicas !== filter.replicas) return false
  return !filter.behind || leader === null || members.some(lacksSomething)
}

function isOver(value: number | null, limit: number | undefined): boolean {
  return limit === undefined || (value !== null && value > limit)
}
