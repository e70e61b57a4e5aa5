import {readdir, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import {filePrograms} from './machine-files.ts'
import {journalctl} from './machine-journal.ts'
import {failed, type Program, runScript, type ShellResult, said} from './machine-shell.ts'
import {systemctl} from './machine-systemctl.ts'
import type {Unit} from './machine-unit.ts'

/** An instance as the programs that run on it see it. */
export interface InstanceView {
  readonly node: string
  readonly unit: Unit
  readonly serverVersion: string
  readonly bootedAt: number
  /** nats-server's log, and its JetStream store. */
  readonly log: string
  readonly store: string
  bootstrapLog(): string
  /** What is done to the unit happens one after the other. */
  inTurn<T>(work: () => Promise<T>): Promise<T>
}

const STORE = '/var/lib/nats'
/** The NVMe of an m8gd.medium. */
const DISK_BYTES = 59_000_000_000

/** What can be run on a lab's instance. Each touches this instance alone; whatever else is asked for is not there. */
export function instancePrograms(instance: InstanceView): ReadonlyMap<string, Program> {
  const programs = new Map<string, Program>([
    ['systemctl', (words) => systemctl(instance, words.slice(1))],
    ['journalctl', (words) => journalctl(instance, words.slice(1))],
    ['nats-server', async (words) => natsServer(instance, words.slice(1))],
    ['df', (words) => df(instance, words.slice(1))],
    ...filePrograms(instance),
    ['uptime', async () => uptime(instance)],
    ['hostname', async () => said(`${instance.node}\n`)],
    ['echo', async (words) => said(`${words.slice(1).join(' ')}\n`)],
    ['true', async () => said('')],
    ['false', async () => failed(1, '')],
    ['sleep', (words, signal) => sleep(words[1] ?? '', signal)],
  ])
  const sudo: Program = async (words, signal) => {
    const rest = words.slice(1).filter((word, index, all) => !(word === '-n' && index === all.indexOf('-n')))
    const [name = ''] = rest
    const program = programs.get(name)
    return program && name !== 'sudo' ? program(rest, signal) : failed(1, `sudo: ${name}: command not found\n`)
  }
  const shell: Program = async ([, option, script], signal) => {
    if (option !== '-c' || script === undefined) return failed(2, "sh: the lab's instance knows sh -c SCRIPT only\n")
    return runScript(script, programs, signal)
  }
  return programs.set('sudo', sudo).set('sh', shell)
}

const signals: Readonly<Record<string, NodeJS.Signals>> = {
  ldm: 'SIGUSR2',
  quit: 'SIGINT',
  term: 'SIGTERM',
  stop: 'SIGKILL',
  reload: 'SIGHUP',
  reopen: 'SIGUSR1',
}

/** A process id is another instance's, or the host's, unless it is this instance's own server's. */
function natsServer({unit, serverVersion}: InstanceView, options: readonly string[]): ShellResult {
  const [option = '', value] = (options[0] ?? '').split(/=(.*)/s)
  if (options.length === 1 && ['--version', '-version', '-v'].includes(option)) {
    return said(`nats-server: v${serverVersion}\n`)
  }
  if (!['--signal', '-signal', '-sl', '--sl'].includes(option)) {
    return failed(1, `nats-server: a lab's instance starts its server by systemctl start nats\n`)
  }
  const [name = '', process] = (value ?? options[1] ?? '').split('=')
  const signal = signals[name]
  if (!signal) return failed(1, `nats-server: unknown signal "${name}"\n`)
  if (process !== undefined && Number(process) !== unit.pid) {
    return failed(1, `nats-server: \nsignal "${name}" ${process}: no such process\n`)
  }
  return unit.signal(signal) ? said('') : failed(1, 'nats-server: no nats-server running\n')
}

/** The store's disk only: an instance has no other that matters. */
async function df({store}: InstanceView, options: readonly string[]): Promise<ShellResult> {
  const flags = options.filter((option) => option.startsWith('-')).join(' ')
  const paths = options.filter((option) => !option.startsWith('-'))
  const unknown = /^(-[hPkT]|-B1| )*$/.test(flags) ? undefined : flags
  if (unknown !== undefined) return failed(1, `df: the lab knows -h, -k, -P and -B1, not '${unknown}'\n`)
  const stranger = paths.find((path) => path !== STORE && !path.startsWith(`${STORE}/`))
  if (stranger !== undefined) return failed(1, `df: ${stranger}: No such file or directory\n`)
  const used = await sizeOf(store)
  const isHuman = flags.includes('h')
  const block = flags.includes('-B1') ? 1 : 1024
  const show = (bytes: number) => (isHuman ? humanSize(bytes) : String(Math.ceil(bytes / block)))
  const size = isHuman ? 'Size' : block === 1 ? '1-blocks' : '1K-blocks'
  const header = ['Filesystem', size, 'Used', isHuman ? 'Avail' : 'Available', 'Use%', 'Mounted on']
  const percent = `${Math.ceil((used / DISK_BYTES) * 100)}%`
  const row = ['/dev/nvme1n1', show(DISK_BYTES), show(used), show(DISK_BYTES - used), percent, STORE]
  return said(`${[header, row].map((cells) => cells.join(' ')).join('\n')}\n`)
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, {recursive: true, withFileTypes: true}).catch(() => [])
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async ({parentPath, name}) => (await stat(join(parentPath, name)).catch(() => undefined))?.size ?? 0)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

function humanSize(bytes: number): string {
  const power = Math.min(4, Math.max(0, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)))
  const value = bytes / 1024 ** power
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.ceil(value)}${['', 'K', 'M', 'G', 'T'][power]}`
}

function uptime({bootedAt}: InstanceView): ShellResult {
  const minutes = Math.floor((Date.now() - bootedAt) / 60_000)
  const time = new Date().toISOString().slice(11, 19)
  return said(` ${time} up ${minutes} min,  0 users,  load average: 0.00, 0.00, 0.00\n`)
}

async function sleep(text: string, signal: AbortSignal): Promise<ShellResult> {
  if (!/^\d+(\.\d+)?$/.test(text)) return failed(1, `sleep: invalid time interval '${text}'\n`)
  await delay(Number(text) * 1000, undefined, {signal}).catch((error: unknown) => {
    signal.throwIfAborted()
    throw error
  })
  return said('')
}
