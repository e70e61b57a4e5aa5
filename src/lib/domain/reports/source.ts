/** Where a report's numbers come from. */
export type SourceKind = 'system' | 'account' | 'monitor'

/** What a report stands on, told with every output. Untrusted text: it names servers and accounts. */
export interface SourceNote {
  readonly kind: SourceKind
  /** In words: `system account through nats-prod-node-1`, `account PIVOT`, `monitor ports of 3 nodes`. */
  readonly description: string
  /** What it cannot see, one short sentence each: other accounts, silent nodes by name, incomplete answers. */
  readonly cannotSee: readonly string[]
}

/** Rows, and what is to be known of them. */
export interface Reported<Row> {
  readonly source: SourceNote
  /** When the answers were complete, milliseconds since the epoch. */
  readonly at: number
  readonly rows: readonly Row[]
}
