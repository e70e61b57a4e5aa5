import {execFile} from 'node:child_process'
import {readdir, readFile} from 'node:fs/promises'
import {promisify} from 'node:util'

/**
 * Processes of this user, found by their exact command line. A pid alone proves nothing: it is reused. A command line
 * with the lab's own folder in it does, and it is there from the first moment, whoever crashed before writing a pid.
 */
export interface RunningProcess {
  readonly pid: number
  /** Arguments joined by spaces. */
  readonly command: string
  /** Stopped by SIGSTOP. */
  readonly paused: boolean
}

/** Running processes whose command line is exactly one of these. Zombies are not running. */
export async function findProcesses(commands: ReadonlySet<string>): Promise<readonly RunningProcess[]> {
  if (commands.size === 0) return []
  const all = process.platform === 'linux' ? await listByProc() : await listByPs()
  return all.filter(({command, pid}) => commands.has(command) && pid !== process.pid)
}

/** Ends the process at once if it still is the one that was found. */
export async function killProcess({pid, command}: RunningProcess): Promise<void> {
  const [same] = (await findProcesses(new Set([command]))).filter((found) => found.pid === pid)
  if (!same) return
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function listByProc(): Promise<readonly RunningProcess[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(names.map((name) => readProc(Number(name))))
  return found.filter((one) => one !== undefined)
}

/** proc(5): cmdline ends every argument with a NUL; the state follows the command's name in parentheses. */
async function readProc(pid: number): Promise<RunningProcess | undefined> {
  try {
    const [cmdline, stat, status] = await Promise.all(
      ['cmdline', 'stat', 'status'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8')),
    )
    if (!cmdline || !isOurs(status ?? '')) return undefined
    const state = /^\d+ \(.*\) (.)/s.exec(stat ?? '')?.[1]
    if (state === 'Z' || state === 'X') return undefined
    return {pid, command: cmdline.replace(/\0$/, '').replaceAll('\0', ' '), paused: state === 'T'}
  } catch {
    return undefined
  }
}

function isOurs(status: string): boolean {
  return Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1]) === process.geteuid?.()
}

async function listByPs(): Promise<readonly RunningProcess[]> {
  const fields = ['-o', 'pid=', '-o', 'stat=', '-o', 'command=']
  const options = {maxBuffer: 64 * 1024 * 1024}
  const {stdout} = await promisify(execFile)('/bin/ps', ['-ww', '-U', String(process.geteuid?.()), ...fields], options)
  return stdout.split('\n').flatMap((line) => {
    const [, pid, state = '', command = ''] = /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? []
    return pid === undefined || state.startsWith('Z')
      ? []
      : [{pid: Number(pid), command, paused: state.startsWith('T')}]
  })
}
