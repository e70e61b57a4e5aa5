import {quoteForShell} from '../shell.ts'

/** What the server of a node has logged, a command to paste. `since` is a duration, of the command's default absent. */
export function logsOf(node: string, since?: string): string {
  return quoteForShell(['natsops', 'node', 'logs', node, ...(since === undefined ? [] : ['--since', since])])
}

/** How the machine of a node is: units, disk, memory; a command to paste. */
export function statusOf(node: string): string {
  return quoteForShell(['natsops', 'node', 'status', node])
}
