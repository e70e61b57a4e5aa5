/** What is described against what runs, for one server: pure comparison of two flat views. */

export type Plain = string | number | boolean | null

/** One thing that is not as described; null: not there, or the server does not say. Untrusted text. */
export interface Difference {
  /** The setting by its name in the server's configuration, e.g. jetstream.max_file_store. */
  readonly setting: string
  readonly described: Plain
  readonly running: Plain
}

export type Settings = Readonly<Record<string, Plain | undefined>>

/**
 * Every described setting that runs with another value, sorted by name. A setting that the running server says nothing
 * of (undefined) is not compared: an older version may not know it.
 */
export function compareSettings(described: Settings, running: Settings): readonly Difference[] {
  return Object.keys(described)
    .sort()
    .flatMap((setting) => {
      const [wanted, found] = [described[setting], running[setting]]
      if (wanted === undefined || found === undefined || wanted === found) return []
      return [{setting, described: wanted, running: found}]
    })
}
