import type {CommandResult, RunCommand} from '../../clients/ports.ts'
import {parseUnit, planStop, UNIT_PROPERTIES, type UnitProperties} from '../../domain/roll/stop.ts'
import {quoteForShell} from '../../domain/shell.ts'
import {Exit, messageOf, OpsError} from '../../errors.ts'
import type {StopResult, UnitAnswer} from './ports.ts'
import {changedNothing} from './problems.ts'

/** For a command that only looks: longer than AWS takes to find out that no agent takes it, milliseconds. */
const LOOK_LIMIT_MS = 45_000
/** More than the unit's own limit for stopping, and in place of one that is infinite or not told, milliseconds. */
const STOP_MARGIN_MS = 30_000
const STOP_LIMIT_MS = 300_000
const START_LIMIT_MS = 120_000

/** Nobody may or can run commands there; said of the first, which only looks, it means that nothing was changed. */
const UNABLE: ReadonlySet<string> = new Set(['AWS_ACCESS_DENIED', 'INSTANCE_NOT_MANAGED', 'RUN_COMMAND_UNDELIVERED'])

/** What the unit `nats` of an instance says of itself, or why it does not; see the port. */
export async function askForUnit(commands: RunCommand, instanceId: string): Promise<UnitAnswer> {
  try {
    return {kind: 'read', unit: await readUnit(commands, instanceId)}
  } catch (error) {
    const isUnable = error instanceof OpsError && UNABLE.has(error.code)
    return {kind: isUnable ? 'not-permitted' : 'failed', why: messageOf(error)}
  }
}

/**
 * Stops the unit `nats` of an instance for good: as its own properties demand (domain/roll/stop.ts), and then sees that
 * it is down. `stillOurs`: see the port. Each command is sent once: what could not be sent needs another look first.
 */
export async function stopServer(
  commands: RunCommand,
  instanceId: string,
  unit: UnitProperties,
  stillOurs: () => Promise<string | undefined>,
): Promise<StopResult> {
  const {commands: steps, reason} = planStop(unit)
  const limit = (unit.timeoutStopMs ?? STOP_LIMIT_MS) + STOP_MARGIN_MS
  const notes: string[] = []
  let sent = 0
  try {
    for (const [index, argv] of steps.entries()) {
      const why = index > 0 ? await stillOurs() : undefined
      if (why !== undefined) return {kind: 'failed', why}
      const result = await commands.run(instanceId, argv, {timeoutMs: limit, now: true})
      sent += 1
      if (result.exitCode === 0) continue
      const failed = `${argv.join(' ')} ended with ${describe(result)}`
      // The last step is the one that keeps the unit down; one before it only made leaving gentler.
      if (index === steps.length - 1) return {kind: 'failed', why: failed}
      notes.push(failed)
    }
    const {activeState, mainPid} = await readUnit(commands, instanceId)
    // `failed`: it had to be killed in the end. It is down and stays down all the same.
    if (!['inactive', 'failed'].includes(activeState) || mainPid > 0) {
      return {kind: 'failed', why: `the unit nats is still ${activeState} after systemctl stop`}
    }
    return {kind: 'stopped', how: [reason, ...notes].join('; ')}
  } catch (error) {
    return {kind: sent === 0 && changedNothing(error) ? 'again' : 'failed', why: messageOf(error)}
  }
}

/** The undo. Rejects with an OpsError: that of Run Command, or SERVER_NOT_STARTED. */
export async function startServer(commands: RunCommand, instanceId: string): Promise<void> {
  const result = await commands.run(instanceId, ['systemctl', 'start', 'nats'], {timeoutMs: START_LIMIT_MS})
  if (result.exitCode === 0) return
  throw new OpsError(`systemctl start nats on ${instanceId} ended with ${describe(result)}`, {
    code: 'SERVER_NOT_STARTED',
    exit: Exit.heldDegraded,
    suggestions: [quoteForShell(['aws', 'ssm', 'start-session', '--target', instanceId]), 'journalctl -u nats -n 50'],
  })
}

async function readUnit(commands: RunCommand, instanceId: string): Promise<UnitProperties> {
  const argv = ['systemctl', 'show', 'nats', ...UNIT_PROPERTIES.flatMap((name) => ['-p', name])]
  const result = await commands.run(instanceId, argv, {timeoutMs: LOOK_LIMIT_MS})
  if (result.exitCode === 0 && /^ActiveState=./m.test(result.stdout)) return parseUnit(result.stdout)
  throw new OpsError(`${argv.slice(0, 3).join(' ')} on ${instanceId} ended with ${describe(result)}`, {
    code: 'UNIT_UNREADABLE',
    exit: Exit.refused,
  })
}

function describe({exitCode, stderr}: CommandResult): string {
  const [line = ''] = stderr.trim().split('\n')
  return `status ${exitCode}${line === '' ? '' : `: ${line.slice(0, 200)}`}`
}
