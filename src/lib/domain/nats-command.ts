import {quoteForShell} from './shell.ts'

/**
 * A command of the nats CLI to paste, run by natsops with the admin's credentials or the system account's. `name` is
 * somebody else's, of a stream or a peer, and may begin with a dash: after `--` it is a name, before it
 * `--server=elsewhere` would be a flag, and the credentials would go there. Flags therefore belong into `words`.
 */
export function natsCommand(words: readonly string[], name: string, {system = false} = {}): string {
  return quoteForShell(['natsops', 'exec', ...(system ? ['--system'] : []), '--', 'nats', ...words, '--', name])
}
