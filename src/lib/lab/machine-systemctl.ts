import {constants} from 'node:os'
import type {InstanceView} from './machine-programs.ts'
import {failed, type ShellResult, said} from './machine-shell.ts'
import type {Unit} from './machine-unit.ts'

const SERVER = '/usr/local/bin/nats-server'
/** They run on every instance and nothing can be done to them. */
const sidecars = ['nats-monitor', 'fluent-bit']

/** `systemctl show|status|start|stop|restart|kill|is-active nats`, with systemd's own words and exit statuses. */
export async function systemctl(instance: InstanceView, options: readonly string[]): Promise<ShellResult> {
  const {verb, units, properties, signal, problem} = readOptions(options)
  if (problem !== undefined) return failed(1, `${problem}\n`)
  const [name = ''] = units
  if (units.length !== 1) return failed(1, 'systemctl: the lab takes one unit at a time\n')
  const {unit} = instance
  const isServer = name === 'nats'
  const isKnown = isServer || sidecars.includes(name)
  switch (verb) {
    case 'is-active': {
      const state = isServer ? unit.state : isKnown ? 'active' : 'inactive'
      return said(`${state}\n`, state === 'active' ? 0 : 3)
    }
    case 'show':
      return said(show(isServer ? propertiesOf(unit) : strangerProperties(name, isKnown), properties))
    case 'status':
      if (!isKnown) return failed(4, `Unit ${name}.service could not be found.\n`)
      return isServer ? status(instance) : said(`● ${name}.service\n     Active: active (running)\n`)
  }
  if (!isServer) {
    return isKnown
      ? failed(1, `Failed to ${verb} ${name}.service: the lab keeps it as it is\n`)
      : failed(5, `Failed to ${verb} ${name}.service: Unit ${name}.service not loaded.\n`)
  }
  switch (verb) {
    case 'start':
      await instance.inTurn(() => unit.start())
      return said('')
    case 'stop':
      await instance.inTurn(() => unit.stop())
      return said('')
    case 'restart':
      await instance.inTurn(async () => {
        await unit.stop()
        await unit.start()
      })
      return said('')
    case 'kill':
      if (unit.signal(signal)) return said('')
      return failed(1, `Failed to kill unit nats.service: Unit nats.service not running.\n`)
    default:
      return failed(1, `Unknown command verb '${verb}'.\n`)
  }
}

function readOptions(words: readonly string[]) {
  const properties: string[] = []
  const plain: string[] = []
  let signal: NodeJS.Signals = 'SIGTERM'
  let problem: string | undefined
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? ''
    if (['--no-pager', '--full', '-l', '--quiet', '-q'].includes(word)) continue
    const [, flag, attached] = /^(-p|--property|-s|--signal)=?(.+)?$/s.exec(word) ?? []
    if (flag === undefined) {
      if (word.startsWith('-')) problem ??= `systemctl: the lab does not know '${word}'`
      plain.push(word.replace(/\.service$/, ''))
      continue
    }
    const value = attached ?? words[++at] ?? ''
    if (flag === '-p' || flag === '--property') properties.push(...value.split(','))
    else {
      const found = Object.keys(constants.signals).find((one) => one === value || one === `SIG${value}`)
      if (found === undefined) problem ??= `Failed to parse signal string ${value}.`
      else signal = found as NodeJS.Signals
    }
  }
  const [verb = '', ...units] = plain
  return {verb, units, properties, signal, problem}
}

/** As `systemctl show` prints them, in its order; an empty list of commands is not printed at all. */
function propertiesOf(unit: Unit): ReadonlyMap<string, string> {
  const {restart, execStop, restartDelayMs, timeoutStopMs} = unit.description
  const {subState, result} = details(unit)
  return new Map([
    ['Type', 'simple'],
    ['Restart', restart],
    ['RestartUSec', timeSpan(restartDelayMs)],
    ['TimeoutStopUSec', timeSpan(timeoutStopMs)],
    ['MainPID', String(unit.pid ?? 0)],
    ['Result', result],
    ['ExecMainPID', String(unit.pid ?? 0)],
    ...(execStop === 'lame-duck' ? [['ExecStop', execStopProperty] as const] : []),
    ['NRestarts', String(unit.restarts)],
    ['KillMode', 'control-group'],
    ['KillSignal', '15'],
    ['Id', 'nats.service'],
    ['LoadState', 'loaded'],
    ['ActiveState', unit.state],
    ['SubState', subState],
    ['UnitFileState', 'enabled'],
    ['ActiveEnterTimestamp', timestamp(unit.changedAt)],
  ])
}

const execStopProperty = `{ path=${SERVER} ; argv[]=${SERVER} --signal ldm=\${MAINPID} ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }`

/** systemd shows every unit that was ever asked for. */
function strangerProperties(name: string, isKnown: boolean): ReadonlyMap<string, string> {
  return new Map([
    ['Restart', isKnown ? 'always' : 'no'],
    ['MainPID', '0'],
    ['NRestarts', '0'],
    ['Id', `${name}.service`],
    ['LoadState', isKnown ? 'loaded' : 'not-found'],
    ['ActiveState', isKnown ? 'active' : 'inactive'],
    ['SubState', isKnown ? 'running' : 'dead'],
  ])
}

function show(all: ReadonlyMap<string, string>, wanted: readonly string[]): string {
  const shown = [...all].filter(([name]) => wanted.length === 0 || wanted.includes(name))
  return shown.map(([name, value]) => `${name}=${value}\n`).join('')
}

function status({unit, serverVersion}: InstanceView): ShellResult {
  const {subState, result} = details(unit)
  const state = unit.state === 'failed' ? `failed (Result: ${result})` : `${unit.state} (${subState})`
  const process = unit.pid === undefined ? [] : [`   Main PID: ${unit.pid} (nats-server)`]
  const lines = [
    '● nats.service - NATS Server',
    '     Loaded: loaded (/etc/systemd/system/nats.service; enabled; preset: disabled)',
    `     Active: ${state} since ${timestamp(unit.changedAt)}`,
    ...process,
    `     Status: "nats-server ${serverVersion}${unit.ended === undefined ? '' : `, ${unit.ended}`}"`,
  ]
  return said(`${lines.join('\n')}\n`, unit.state === 'active' || unit.state === 'deactivating' ? 0 : 3)
}

function details(unit: Unit): {readonly subState: string; readonly result: string} {
  const subStates = {
    active: 'running',
    deactivating: 'stop-sigterm',
    activating: 'auto-restart',
    inactive: 'dead',
    failed: 'failed',
  }
  const result = unit.state === 'failed' ? (unit.ended?.startsWith('killed') ? 'signal' : 'exit-code') : 'success'
  return {subState: subStates[unit.state], result}
}

/** systemd's own form: `1min 30s`, `500ms`. */
function timeSpan(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  const seconds = Math.floor((ms % 60_000) / 1000)
  const rest = ms % 1000
  const parts = [minutes > 0 && `${minutes}min`, seconds > 0 && `${seconds}s`, rest > 0 && `${rest}ms`]
  return parts.filter(Boolean).join(' ') || '0'
}

/** `Fri 2026-11-20 19:50:50 UTC` */
function timestamp(at: number): string {
  const date = new Date(at)
  return `${date.toUTCString().slice(0, 3)} ${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
