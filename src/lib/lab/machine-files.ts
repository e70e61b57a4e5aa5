import type {InstanceView} from './machine-programs.ts'
import {failed, type Program, type ShellResult, said} from './machine-shell.ts'

const BOOTSTRAP_LOG = '/var/log/nats-bootstrap.log'

/** An m8gd.medium: one processor, 4 GB. */
const MEMORY_KB = 3_900_000
const AVAILABLE_KB = 2_600_000

/** `cat`, `head -n N` and `tail -n N` or `-n +N` of the few files an instance has. */
export function filePrograms(instance: InstanceView): readonly (readonly [string, Program])[] {
  const files = filesOf(instance)
  return [
    ['cat', async (words) => read(files, words, (lines) => lines)],
    ['head', async (words) => read(files, words, (lines, {count}) => lines.slice(0, count))],
    [
      'tail',
      async (words) =>
        read(files, words, (lines, {count, isPlus}) => lines.slice(isPlus ? count - 1 : -count || lines.length)),
    ],
  ]
}

type Files = Readonly<Record<string, () => string>>

interface Amount {
  readonly count: number
  /** `+N`: from line N on. */
  readonly isPlus: boolean
}

function filesOf({bootstrapLog, bootedAt}: InstanceView): Files {
  const seconds = () => Math.max(1, (Date.now() - bootedAt) / 1000)
  return {
    [BOOTSTRAP_LOG]: bootstrapLog,
    '/proc/meminfo': () =>
      `MemTotal:       ${MEMORY_KB} kB\nMemFree:        ${AVAILABLE_KB} kB\nMemAvailable:   ${AVAILABLE_KB} kB\n`,
    '/proc/loadavg': () => '0.08 0.03 0.01 1/123 4711\n',
    '/proc/uptime': () => `${seconds().toFixed(2)} ${(seconds() * 0.94).toFixed(2)}\n`,
    '/proc/stat': () => {
      // Ticks of 10 ms: a machine with little to do.
      const [user, system, idle, iowait] = [0.03, 0.02, 0.94, 0.01].map((part) => Math.round(part * seconds() * 100))
      const counts = `${user} 0 ${system} ${idle} ${iowait} 0 0 0 0 0`
      return `cpu  ${counts}\ncpu0 ${counts}\n`
    },
  }
}

function read(
  files: Files,
  [program = '', ...words]: readonly string[],
  choose: (lines: readonly string[], amount: Amount) => readonly string[],
): ShellResult {
  const amount = program === 'cat' ? undefined : readAmount(words)
  const paths = amount ? words.slice(2) : words
  if (program !== 'cat' && !amount) return failed(1, `${program}: the lab knows -n N only\n`)
  const stranger = paths.find((path) => files[path] === undefined)
  if (stranger !== undefined) return failed(1, `${program}: ${stranger}: No such file or directory\n`)
  const texts = paths.map((path) => {
    const lines = files[path]?.().split(/(?<=\n)/) ?? []
    return choose(lines, amount ?? {count: 0, isPlus: false}).join('')
  })
  return said(texts.join(''))
}

function readAmount([option, value = '']: readonly string[]): Amount | undefined {
  const [, plus, count] = /^(\+?)(\d+)$/.exec(value) ?? []
  return option === '-n' && count !== undefined ? {count: Number(count), isPlus: plus === '+'} : undefined
}
