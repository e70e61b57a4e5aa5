/**
 * How a server is stopped so that systemd does not start it again under our hands: decided from what the unit says of
 * itself (`systemctl show nats -p ...`).
 */
export interface UnitProperties {
  readonly restart: string
  readonly execStop: string
  readonly mainPid: number
  readonly activeState: string
  readonly timeoutStopMs: number | undefined
}

export interface StopPlan {
  /** Commands in order, as argument lists for the instance. */
  readonly commands: readonly (readonly string[])[]
  readonly reason: string
}

export const UNIT_PROPERTIES = ['Restart', 'ExecStop', 'MainPID', 'ActiveState', 'TimeoutStopUSec'] as const

/** Reads `key=value` lines of `systemctl show`; missing keys get the harmless value. */
export function parseUnit(text: string): UnitProperties {
  const values = new Map(
    text.split('\n').flatMap((line) => {
      const at = line.indexOf('=')
      return at > 0 ? [[line.slice(0, at).trim(), line.slice(at + 1).trim()] as const] : []
    }),
  )
  return {
    restart: values.get('Restart') ?? 'always',
    execStop: values.get('ExecStop') ?? '',
    mainPid: Number(values.get('MainPID') ?? 0) || 0,
    activeState: values.get('ActiveState') ?? 'unknown',
    timeoutStopMs: parseTimeSpan(values.get('TimeoutStopUSec')),
  }
}

/**
 * Where ExecStop already is the lame duck, `systemctl stop` is all of it. Otherwise a lame duck first, but only if the
 * unit would not restart what has exited; `systemctl stop` in any case, so that the unit stays down.
 */
export function planStop(unit: UnitProperties): StopPlan {
  const stop = ['systemctl', 'stop', 'nats']
  if (unit.activeState !== 'active' || unit.mainPid <= 0) return {commands: [stop], reason: 'the server is not running'}
  if (/ldm|lame|USR2/i.test(unit.execStop)) return {commands: [stop], reason: 'stopping the unit is a lame duck'}
  if (
    unit.restart === 'no' ||
    unit.restart === 'on-failure' ||
    unit.restart === 'on-abnormal' ||
    unit.restart === 'on-abort' ||
    unit.restart === 'on-watchdog'
  ) {
    return {
      commands: [['nats-server', '--signal', `ldm=${unit.mainPid}`], stop],
      reason: 'lame duck first, the unit does not restart after a clean exit',
    }
  }
  return {
    commands: [stop],
    reason: `plain stop: the unit has Restart=${unit.restart} and would start the server again after a lame duck`,
  }
}

/** systemd's time spans as `systemctl show` prints them: `1min 30s`, `2min`, `infinity`; milliseconds. */
function parseTimeSpan(text: string | undefined): number | undefined {
  // The longer ones are no time spans, and the search below takes time by the square of their length.
  if (text === undefined || text === 'infinity' || text.length > 64) return undefined
  const units: Record<string, number> = {us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000}
  let total = 0
  for (const [, amount, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)\s*(us|ms|s|min|h)\b/g))
    total += Number(amount) * (units[unit] ?? 0)
  return total > 0 ? total : undefined
}
