import {randomUUID} from 'node:crypto'
import type {Clock} from '../../clients/ports.ts'
import type {InsightsRow} from './insights-language.ts'

interface QueryRecord {
  readonly startedAt: number
  readonly rows: readonly InsightsRow[]
  readonly statistics: QueryStatistics
  isStopped: boolean
}

export interface QueryStatistics {
  readonly recordsMatched: number
  readonly recordsScanned: number
  readonly bytesScanned: number
}

/** As long as a small query takes on AWS, milliseconds. */
const DURATION_MS = 400
const queriesKept = 100

/** Logs Insights queries as an account remembers them: what they found is known at once and told later. */
export class Insights {
  readonly #clock: Clock
  readonly #queries = new Map<string, QueryRecord>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  start(rows: readonly InsightsRow[], statistics: QueryStatistics): string {
    const id = randomUUID()
    this.#queries.set(id, {startedAt: this.#clock.now(), rows, statistics, isStopped: false})
    const [oldest] = this.#queries.keys()
    if (this.#queries.size > queriesKept && oldest !== undefined) this.#queries.delete(oldest)
    return id
  }

  /** Undefined where there is no such query. */
  look(id: string):
    | {
        readonly status: 'Running' | 'Complete' | 'Cancelled'
        readonly rows: readonly InsightsRow[]
        readonly statistics: QueryStatistics
      }
    | undefined {
    const query = this.#queries.get(id)
    if (!query) return undefined
    const {rows, statistics} = query
    const status = query.isStopped ? 'Cancelled' : this.#isDone(query) ? 'Complete' : 'Running'
    return {status, rows: status === 'Complete' ? rows : [], statistics}
  }

  /** False where it has ended; undefined where there is no such query. */
  stop(id: string): boolean | undefined {
    const query = this.#queries.get(id)
    if (!query) return undefined
    if (query.isStopped || this.#isDone(query)) return false
    query.isStopped = true
    return true
  }

  /** How many still run. */
  get running(): number {
    return [...this.#queries.keys()].filter((id) => this.look(id)?.status === 'Running').length
  }

  #isDone({startedAt}: QueryRecord): boolean {
    return this.#clock.now() - startedAt >= DURATION_MS
  }
}
