import {execFile} from 'node:child_process'
import {promisify} from 'node:util'
import type {Context} from '../../context.ts'
import {judgeEntry} from '../../domain/credentials-ledger.ts'
import {judgeNode, judgeWarp, type Outcome} from '../../domain/doctor.ts'
import {counted, listed} from '../../domain/quantity.ts'
import {installHints, isRecentPlugin, OLDEST_PLUGIN} from '../../domain/session-plugin.ts'
import {ledgerFolder} from '../credentials-file.ts'
import {listEntries, stateOf} from '../credentials-ledger.ts'
import {isRunning} from '../processes.ts'
import type {Check} from './check.ts'

type MachineContext = Pick<Context, 'clock' | 'configuration'>

/** What can be said of this machine without a cluster. */
export function machineChecks(ctx: MachineContext, limitMs: number): readonly Check[] {
  return [
    {name: 'node', look: async () => judgeNode(process.versions.node)},
    {name: 'session-manager-plugin', look: () => findPlugin(ctx, limitMs)},
    {name: 'nats-cli', look: () => findNatsCli(ctx, limitMs)},
    {name: 'left-over-credentials', look: () => findLeftovers(ctx)},
  ]
}

/** Only Cloudflare's own client can say it; elsewhere it shows in whether the nodes are reached. */
export async function findVpn(ctx: MachineContext, limitMs: number): Promise<Outcome> {
  const said = await runProgram(ctx, 'warp-cli', ['status'], limitMs)
  if (said !== undefined) return judgeWarp(said)
  return {status: 'not-checked', message: 'warp-cli is not installed: names and ports tell whether the VPN is on'}
}

async function findPlugin(ctx: MachineContext, limitMs: number): Promise<Outcome> {
  const said = await runProgram(ctx, 'session-manager-plugin', ['--version'], limitMs)
  const [fix] = installHints(process.platform, process.arch)
  if (said === undefined) return {status: 'warning', message: 'not installed: natsops node session needs it', fix}
  if (isRecentPlugin(said)) return {status: 'ok', message: `version ${firstLine(said)}`}
  const message = `version ${firstLine(said)}: natsops node session needs ${OLDEST_PLUGIN} or newer`
  return {status: 'warning', message, fix}
}

async function findNatsCli(ctx: MachineContext, limitMs: number): Promise<Outcome> {
  const said = await runProgram(ctx, 'nats', ['--version'], limitMs)
  if (said !== undefined) return {status: 'ok', message: `version ${firstLine(said)}`}
  const fix =
    process.platform === 'darwin'
      ? 'brew install nats-io/nats-tools/nats'
      : 'go install github.com/nats-io/natscli/nats@latest'
  return {status: 'info', message: 'not installed: natsops does without, natsops exec -- nats ... does not', fix}
}

/** Creds files that nobody uses any more, and those that stay until somebody removes them. */
async function findLeftovers({clock, configuration}: MachineContext): Promise<Outcome> {
  const now = clock.now()
  const entries = await listEntries(ledgerFolder(configuration.paths))
  const judged = await Promise.all(
    entries.map(async (entry) => {
      const [file, ownerRunning] = await Promise.all([stateOf(entry), entry.owner ? isRunning(entry.owner) : false])
      return {entry, file, verdict: judgeEntry(entry, {now, file, ownerRunning})}
    }),
  )
  const due = judged.filter(({verdict}) => verdict === 'remove').map(({entry}) => entry.path)
  const fix = 'natsops creds clean'
  if (due.length > 0) return {status: 'warning', message: `left over: ${listed(due)}`, fix}
  const kept = judged.filter(
    ({file, entry}) => file === 'ours' && entry.expiresAt === undefined && entry.owner === undefined,
  )
  if (kept.length === 0) return {status: 'ok', message: 'none'}
  const paths = listed(kept.map(({entry}) => entry.path))
  return {status: 'info', message: `${counted(kept.length, 'file')} without an end: ${paths}`, fix}
}

/** What it prints, whatever its exit status; undefined where it is not installed or does not start. */
async function runProgram(
  {configuration}: MachineContext,
  program: string,
  args: readonly string[],
  timeout: number,
): Promise<string | undefined> {
  try {
    const options = {timeout, killSignal: 'SIGKILL', env: configuration.childEnvironment({})} as const
    const {stdout, stderr} = await promisify(execFile)(program, [...args], options)
    return `${stdout}${stderr}`
  } catch (error) {
    const {code, stdout = '', stderr = ''} = error as {code?: unknown; stdout?: string; stderr?: string}
    return typeof code === 'string' ? undefined : `${stdout}${stderr}`
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? ''
}
