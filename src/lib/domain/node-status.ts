import {percentOf} from './quantity.ts'

/**
 * What the runbook looks at by hand on an instance, read with one command. The script is a line of plain programs joined
 * by semicolons: each prints its own section, and one that fails leaves its section empty instead of ending the rest.
 */

export const NODE_UNITS = ['nats', 'nats-monitor', 'fluent-bit'] as const
export const NVME_MOUNT = '/var/lib/nats'
export const BOOTSTRAP_FILE = '/var/log/nats-bootstrap.log'
const BOOTSTRAP_LINES = 5
/** Between the two readings of the processor's counters: long enough for their ticks of 10 ms, short enough to wait for. */
export const CPU_INTERVAL_SECONDS = 2

/** A unit as systemd describes it; null: it does not say. Untrusted text. */
export interface UnitStatus {
  readonly unit: string
  readonly loadState: string | null
  readonly activeState: string | null
  readonly subState: string | null
  /** RFC 3339; null also where the machine keeps another time than UTC. */
  readonly activeSince: string | null
  /** How often systemd has started it again by itself. */
  readonly restarts: number | null
}

/** A part of a whole, in bytes. */
export interface Usage {
  readonly usedBytes: number
  readonly totalBytes: number
  readonly usedPercent: number
}

/** Null: it could not be read. Percentages are 0-100. Public under --json. */
export interface NodeMeasures {
  readonly units: readonly UnitStatus[]
  readonly version: string | null
  readonly uptimeSeconds: number | null
  readonly cpuPercent: number | null
  readonly iowaitPercent: number | null
  readonly stealPercent: number | null
  readonly memory: Usage | null
  readonly disk: (Usage & {readonly mount: string}) | null
  /** Over 1, 5 and 15 minutes. */
  readonly load: readonly [number, number, number] | null
  /** The last lines of the bootstrap log. Untrusted text. */
  readonly bootstrap: readonly string[]
}

/** For `sh -c`. */
export function statusScript(): string {
  const properties = ['Id', 'LoadState', 'ActiveState', 'SubState', 'ActiveEnterTimestamp', 'NRestarts']
  const show = (unit: string): string => `systemctl show ${unit} ${properties.map((name) => `-p ${name}`).join(' ')}`
  const counters = 'head -n 1 /proc/stat'
  const sections: readonly (readonly [SectionName, string])[] = [
    ...NODE_UNITS.map((unit) => ['unit', show(unit)] as const),
    // root's PATH at the agent may lack /usr/local/bin
    ['version', 'nats-server --version || /usr/local/bin/nats-server --version'],
    ['disk', `df -P -B1 ${NVME_MOUNT}`],
    ['memory', 'cat /proc/meminfo'],
    ['load', 'cat /proc/loadavg'],
    ['uptime', 'cat /proc/uptime'],
    ['before', counters],
    ['after', `sleep ${CPU_INTERVAL_SECONDS}; ${counters}`],
    // Last: what a log says must not pass for a section.
    ['bootstrap', `tail -n ${BOOTSTRAP_LINES} ${BOOTSTRAP_FILE}`],
  ]
  return `${sections.map(([name, commands]) => `echo ${MARK}${name}; ${commands}`).join('; ')}; true`
}

/** What the script has printed; whatever is missing or of another form is null. */
export function readStatus(stdout: string): NodeMeasures {
  const sections = splitSections(stdout)
  const text = (name: SectionName): string => sections.find((section) => section.name === name)?.text ?? ''
  const units = sections.filter(({name}) => name === 'unit').map((section) => readProperties(section.text))
  return {
    units: NODE_UNITS.map((unit) => readUnit(unit, units)),
    version: /^nats-server: v(\S+)/m.exec(text('version'))?.[1] ?? null,
    uptimeSeconds: numberOf(/^(\d+(?:\.\d+)?) /.exec(text('uptime'))?.[1]),
    ...readCpu(text('before'), text('after')),
    memory: readMemory(text('memory')),
    disk: readDisk(text('disk')),
    load: readLoad(text('load')),
    bootstrap: text('bootstrap')
      .split('\n')
      .filter((line) => line !== ''),
  }
}

const MARK = '--natsops:'
type SectionName = 'unit' | 'version' | 'disk' | 'memory' | 'load' | 'uptime' | 'before' | 'after' | 'bootstrap'

interface Section {
  readonly name: string
  readonly text: string
}

function splitSections(stdout: string): readonly Section[] {
  const start = stdout.indexOf(`${MARK}bootstrap\n`)
  const head = start < 0 ? stdout : stdout.slice(0, start)
  const sections = head
    .split(MARK)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n')
      return {name: part.slice(0, end < 0 ? undefined : end).trim(), text: end < 0 ? '' : part.slice(end + 1)}
    })
  if (start < 0) return sections
  return [...sections, {name: 'bootstrap', text: stdout.slice(start + `${MARK}bootstrap\n`.length)}]
}

function readProperties(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\n').map((line) => /^(\w+)=(.*)$/.exec(line))
  return new Map(lines.flatMap((found) => (found ? [[found[1] ?? '', found[2] ?? '']] : [])))
}

function readUnit(unit: string, all: readonly ReadonlyMap<string, string>[]): UnitStatus {
  const own = all.find((properties) => properties.get('Id') === `${unit}.service`)
  const value = (name: string): string | null => own?.get(name) || null
  return {
    unit,
    loadState: value('LoadState'),
    activeState: value('ActiveState'),
    subState: value('SubState'),
    activeSince: readMoment(value('ActiveEnterTimestamp')),
    restarts: numberOf(own?.get('NRestarts')),
  }
}

/** `Fri 2026-11-20 19:50:50 UTC`: the name of any other zone says nothing certain. */
function readMoment(text: string | null): string | null {
  const [, day, time] = /^\w+ (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC$/.exec(text ?? '') ?? []
  return day === undefined ? null : `${day}T${time}Z`
}

/**
 * proc(5): ticks as user, nice, system, idle, iowait, irq, softirq, steal; what follows is part of user and nice. Waiting
 * for a disk is no use of the processor.
 */
function readCpu(before: string, after: string): Pick<NodeMeasures, 'cpuPercent' | 'iowaitPercent' | 'stealPercent'> {
  const [first, second] = [readTicks(before), readTicks(after)]
  const ticks = first && second?.map((count, index) => count - (first[index] ?? 0))
  const total = ticks?.reduce((sum, count) => sum + count, 0) ?? 0
  if (!ticks || total <= 0) return {cpuPercent: null, iowaitPercent: null, stealPercent: null}
  const [, , , idle = 0, iowait = 0, , , steal = 0] = ticks
  return {
    cpuPercent: percentOf(total - idle - iowait, total),
    iowaitPercent: percentOf(Math.max(0, iowait), total),
    stealPercent: percentOf(steal, total),
  }
}

function readTicks(text: string): readonly number[] | undefined {
  const numbers = /^cpu +((?:\d+ ?){8,})/m.exec(text)?.[1]?.trim().split(' ').map(Number)
  return numbers?.slice(0, 8)
}

function readMemory(text: string): Usage | null {
  const bytesOf = (name: string): number | null => {
    const kilobytes = numberOf(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1])
    return kilobytes === null ? null : kilobytes * 1024
  }
  const [total, available] = [bytesOf('MemTotal'), bytesOf('MemAvailable')]
  if (total === null || available === null || total <= 0) return null
  return {usedBytes: total - available, totalBytes: total, usedPercent: percentOf(total - available, total)}
}

/** Of what an ordinary user could have, as df counts: blocks kept back for root are neither used nor free. */
function readDisk(text: string): NodeMeasures['disk'] {
  const row = text.trim().split('\n').at(-1) ?? ''
  const [, total, used, free, mount] = /^\S+ +(\d+) +(\d+) +(\d+) +\d+% +(\S.*)$/.exec(row) ?? []
  if (mount === undefined) return null
  const usedPercent = percentOf(Number(used), Number(used) + Number(free))
  return {usedBytes: Number(used), totalBytes: Number(total), usedPercent, mount}
}

function readLoad(text: string): NodeMeasures['load'] {
  const [, one, five, fifteen] = /^(\d+\.\d+) (\d+\.\d+) (\d+\.\d+) /.exec(text) ?? []
  return fifteen === undefined ? null : [Number(one), Number(five), Number(fifteen)]
}

function numberOf(text: string | undefined): number | null {
  return text === undefined || !/^\d+(\.\d+)?$/.test(text) ? null : Number(text)
}
