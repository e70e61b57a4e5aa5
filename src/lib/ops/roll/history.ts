import type {Context} from '../../context.ts'
import {type RollReport, reportRoll} from '../../domain/roll/report.ts'
import {Exit, OpsError, UsageError} from '../../errors.ts'
import {writePrivateFile} from '../../files.ts'
import {journalFolder, listJournals, readJournal} from './journal.ts'

/** One line of `roll history`. Times: milliseconds since the epoch. */
export interface RollSummary extends Pick<RollReport, 'roll' | 'startedAt' | 'endedAt' | 'result' | 'end'> {
  readonly replaced: readonly string[]
  /** Planned and not replaced. */
  readonly left: readonly string[]
}

/** The rolls of a cluster that were driven from this machine, newest first. */
export async function listRolls({configuration}: Context, cluster: string): Promise<readonly RollSummary[]> {
  const folder = journalFolder(configuration.paths.state, cluster)
  const reports = await Promise.all((await listJournals(folder)).map((id) => readReport(folder, id)))
  return reports.flatMap((report) => {
    if (report === undefined) return []
    const {roll, startedAt, endedAt, result, end, nodes} = report
    const named = (isReplaced: boolean): readonly string[] =>
      nodes.filter(({outcome}) => (outcome === 'replaced') === isReplaced).map(({node}) => node)
    return {roll, startedAt, endedAt, result, end, replaced: named(true), left: named(false)}
  })
}

/**
 * The report of one roll by its id, a prefix that only one id has, or `last`. Rejects with ROLL_NOT_FOUND (exit 9) or a
 * UsageError that lists the ids a prefix could mean.
 */
export async function findRoll({configuration}: Context, cluster: string, wanted: string): Promise<RollReport> {
  const folder = journalFolder(configuration.paths.state, cluster)
  const ids = await listJournals(folder)
  const matches = wanted === 'last' ? ids.slice(0, 1) : ids.filter((id) => id.startsWith(wanted))
  const [id, ...others] = ids.includes(wanted) ? [wanted] : matches
  if (others.length > 0) {
    throw new UsageError(`${JSON.stringify(wanted)} begins the ids of ${matches.length} rolls: ${matches.join(', ')}`, [
      'give more of the id',
    ])
  }
  const report = id === undefined ? undefined : await readReport(folder, id)
  if (report) return report
  throw new OpsError(`this machine has no journal of a roll ${JSON.stringify(wanted)} of ${cluster}`, {
    code: 'ROLL_NOT_FOUND',
    exit: Exit.notFound,
    suggestions: [`natsops roll history --cluster ${cluster}`],
  })
}

async function readReport(folder: string, id: string): Promise<RollReport | undefined> {
  const journal = await readJournal(folder, id)
  return journal && reportRoll(id, journal.events)
}

/** Writes a page whole or not at all, in place of what was there; readable by its owner alone until it is shared. */
export async function writePage(path: string, html: string): Promise<void> {
  await writePrivateFile(path, html, {overwrite: true})
}
