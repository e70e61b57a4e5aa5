import {quoteForShell} from './domain/shell.ts'

/* Command lines read without parsing: one that cannot be parsed gets its colours and suggestions too. */

/** Without those of another command after `--`. */
export function ownArguments(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--')
  return end < 0 ? argv : argv.slice(0, end)
}

/** What stands behind --cluster or -c; undefined where neither is given. */
export function givenCluster(argv: readonly string[]): string | undefined {
  const own = ownArguments(argv)
  const at = own.findIndex((word) => /^(--cluster(=|$)|-c)/.test(word))
  if (at < 0) return undefined
  return own[at]?.replace(/^(--cluster=?|-c)/, '') || own[at + 1]
}

/** True for --color, false for --no-color, undefined where neither is given. */
export function givenColour(argv: readonly string[]): boolean | undefined {
  const own = ownArguments(argv)
  if (own.includes('--no-color')) return false
  return own.includes('--color') ? true : undefined
}

/** The command as it was given, but dry, without --confirm, and with its cluster. To be pasted. */
export function rehearsalOf(command: string, argv: readonly string[], cluster: string): string {
  const own = ownArguments(argv)
  const isAgreement = (index: number): boolean =>
    own[index]?.startsWith('--confirm=') || own[index] === '--confirm' || own[index - 1] === '--confirm'
  const kept = own.filter((_, index) => !isAgreement(index))
  const named = givenCluster(argv) === undefined ? ['--cluster', cluster] : []
  return quoteForShell([...command.split(' '), ...kept, ...named, '--dry-run', ...argv.slice(own.length)])
}
