import type {CommandResult} from '../clients/ports.ts'
import type {ClusterContext} from '../context.ts'
import {type LogEntry, type LogPlace, pageCommand, readPage} from '../domain/node-log.ts'
import {BOOTSTRAP_FILE} from '../domain/node-status.ts'
import {Exit, OpsError} from '../errors.ts'
import type {PlacedNode} from './node-instances.ts'

export interface NodeLogRequest {
  /** A systemd unit, or `bootstrap` for the file that the bootstrap script writes. */
  readonly unit: string
  /** Milliseconds since the epoch; no matter for the bootstrap log. */
  readonly since: number
  /** Reads on until the signal. */
  readonly follow: boolean
  readonly onEntries: (entries: readonly LogEntry[]) => void
}

/** One page or one look for something new, milliseconds. */
const PAGE_LIMIT_MS = 45_000
/** Between two looks for something new, milliseconds: each is a command that SSM keeps in its history. */
const FOLLOW_MS = 3000

/**
 * Reads a log of an instance page by page. Ends at its end, or with `follow` never: then it resolves when the signal is
 * aborted, while without it rejects with the reason. Rejects with LOG_UNREADABLE (exit 3), LOG_NOT_FOUND (9) or like
 * RunCommand.run.
 */
export async function readNodeLog(
  ctx: Pick<ClusterContext, 'aws' | 'clock' | 'signal'>,
  {instanceId, node}: PlacedNode,
  {unit, since, follow, onEntries}: NodeLogRequest,
): Promise<void> {
  const {clock, signal} = ctx
  const commands = await (await ctx.aws()).runCommand()
  let place: LogPlace =
    unit === 'bootstrap'
      ? {kind: 'file', path: BOOTSTRAP_FILE, line: 1}
      : {kind: 'journal', unit, seconds: (since / 1000).toFixed(6), known: 0}
  try {
    for (;;) {
      const result = await commands.run(instanceId, pageCommand(place), {timeoutMs: PAGE_LIMIT_MS, signal})
      if (result.exitCode !== 0) throw unreadable(unit, node.name, result)
      const {entries, next} = readPage(place, result.stdout, {cut: result.cut, isLast: !follow})
      if (entries.length > 0) onEntries(entries)
      const isMore = result.cut && next !== place
      place = next
      if (!isMore && !follow) return
      if (!isMore) await clock.sleep(FOLLOW_MS, signal)
    }
  } catch (error) {
    if (!follow || !signal.aborted) throw error
  }
}

function unreadable(unit: string, node: string, {stderr, exitCode}: CommandResult): OpsError {
  const [said = ''] = stderr.trim().split('\n')
  const isMissing = /No such file/.test(said)
  return new OpsError(`the log of ${unit} on ${node} cannot be read: ${said.slice(0, 200) || `status ${exitCode}`}`, {
    code: isMissing ? 'LOG_NOT_FOUND' : 'LOG_UNREADABLE',
    exit: isMissing ? Exit.notFound : Exit.refused,
    suggestions: isMissing ? ['natsops logs bootstrap'] : [],
  })
}
