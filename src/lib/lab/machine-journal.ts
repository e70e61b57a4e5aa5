import {open} from 'node:fs/promises'
import type {InstanceView} from './machine-programs.ts'
import {failed, type ShellResult, said} from './machine-shell.ts'

/** More than anybody reads of a journal in one go; Run Command cuts at 24,000 characters anyway. */
const LONGEST = 1024 * 1024

/** `journalctl -u nats [-n N] [--since TIME] [-o cat] [--no-pager]`: what the server has logged. */
export async function journalctl(instance: InstanceView, options: readonly string[]): Promise<ShellResult> {
  const wanted = readOptions(options)
  if (typeof wanted === 'string') return failed(1, `${wanted}\n`)
  if (!/^nats(\.service)?$/.test(wanted.unit)) return said('-- No entries --\n')
  const entries = (await readTail(instance.log, LONGEST))
    .split('\n')
    .filter((line) => line !== '')
    .map(readEntry)
  const since = wanted.since
  const recent = entries.filter(({at}) => since === undefined || (at !== undefined && at >= since))
  const last = wanted.lines === undefined ? recent : recent.slice(-wanted.lines || recent.length)
  if (last.length === 0) return said('-- No entries --\n')
  return said(last.map((entry) => `${shown[wanted.format](entry, instance.node)}\n`).join(''))
}

interface Entry {
  readonly at: number | undefined
  readonly pid: string | undefined
  readonly text: string
}

/** `[4711] 2026/11/20 19:50:50.317133 [INF] ...`, in UTC. */
function readEntry(text: string): Entry {
  const [, pid, date, time] = /^\[(\d+)\] (\d{4}\/\d\d\/\d\d) (\d\d:\d\d:\d\d\.\d{3})/.exec(text) ?? []
  return {at: date && time ? Date.parse(`${date.replaceAll('/', '-')}T${time}Z`) : undefined, pid, text}
}

/** Each entry as a line, by `-o`. */
const shown = {
  cat: ({text}: Entry): string => text,
  short(entry: Entry, host: string): string {
    const {at} = entry
    const [, month = '', day = '', time = ''] =
      at === undefined ? [] : (/^\w+, (\d+) (\w+) \d+ (\S+)/.exec(new Date(at).toUTCString()) ?? [])
    return `${day} ${month} ${time} ${spoken(entry, host)}`
  },
  'short-unix': (entry: Entry, host: string): string => `${((entry.at ?? 0) / 1000).toFixed(6)} ${spoken(entry, host)}`,
} as const

function spoken({pid, text}: Entry, host: string): string {
  return `${host} nats-server${pid === undefined ? '' : `[${pid}]`}: ${text}`
}

function isFormat(text: string): text is keyof typeof shown {
  return Object.hasOwn(shown, text)
}

interface Options {
  readonly unit: string
  readonly lines: number | undefined
  readonly since: number | undefined
  readonly format: keyof typeof shown
}

/** A text says what is wrong. */
function readOptions(words: readonly string[]): Options | string {
  const values = new Map<string, string>()
  for (let at = 0; at < words.length; at += 1) {
    const [, flag = '', attached] = /^(--\w[\w-]*|-[unoS])=?(.+)?$/s.exec(words[at] ?? '') ?? []
    const name = names[flag]
    if (name === undefined) return `journalctl: the lab does not know '${words[at]}'`
    if (name === 'pager') continue
    const value = attached ?? words[++at]
    if (value === undefined) return `journalctl: option '${flag}' requires an argument`
    values.set(name, value)
  }
  const unit = values.get('unit')
  if (unit === undefined) return 'journalctl: the lab knows the journal of one unit only: -u nats'
  const lines = values.get('lines')
  if (lines !== undefined && !/^\d+$/.test(lines)) return `Failed to parse lines '${lines}'`
  const format = values.get('output') ?? 'short'
  if (!isFormat(format)) return `Unknown output format '${format}'.`
  const since = values.get('since')
  const at = since === undefined ? undefined : readTime(since)
  if (since !== undefined && at === undefined) return `Failed to parse timestamp: ${since}`
  return {unit, lines: lines === undefined ? undefined : Number(lines), since: at, format}
}

const names: Readonly<Record<string, string>> = {
  '-u': 'unit',
  '--unit': 'unit',
  '-n': 'lines',
  '--lines': 'lines',
  '-S': 'since',
  '--since': 'since',
  '-o': 'output',
  '--output': 'output',
  '--no-pager': 'pager',
}

/** `@1700000000`, `2026-11-20 19:50:50 [UTC]`, `-5min`, `5 minutes ago`; an instance's clock runs in UTC. */
function readTime(text: string): number | undefined {
  const [, seconds] = /^@(\d+(?:\.\d+)?)$/.exec(text) ?? []
  if (seconds !== undefined) return Number(seconds) * 1000
  const [, date, time] = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(?: ?UTC|Z)?$/.exec(text) ?? []
  if (date !== undefined) return Date.parse(`${date}T${time}Z`)
  const [, before, after, unit = ''] = /^(?:-(\d+)|(\d+)) ?([a-z]+)(?: ago)?$/.exec(text) ?? []
  const amount = before ?? (text.endsWith(' ago') ? after : undefined)
  const size = /^s/.test(unit) ? 1000 : /^m/.test(unit) ? 60_000 : /^h/.test(unit) ? 3_600_000 : undefined
  return amount === undefined || size === undefined ? undefined : Date.now() - Number(amount) * size
}

/** The end of a file, at most so many bytes of it, from the beginning of a line; empty where there is none. */
async function readTail(path: string, bytes: number): Promise<string> {
  try {
    await using handle = await open(path)
    const {size} = await handle.stat()
    const start = Math.max(0, size - bytes)
    const {buffer, bytesRead} = await handle.read(Buffer.alloc(Math.min(size, bytes)), 0, undefined, start)
    const text = buffer.toString('utf8', 0, bytesRead)
    return start === 0 ? text : text.slice(text.indexOf('\n') + 1)
  } catch {
    return ''
  }
}
