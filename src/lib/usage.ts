import {stripVTControlCharacters} from 'node:util'
import {OpsError, UsageError} from './errors.ts'

export interface CommandShape {
  /** As typed, e.g. `natsops creds fetch`. */
  readonly command: string
  /** Long names without dashes. */
  readonly flags: readonly string[]
}

/** The parser's complaint in the one form of a usage error, with the nearest flag; anything else comes back as it is. */
export async function explainParseError(error: unknown, {command, flags}: CommandShape): Promise<unknown> {
  // Every error of oclif's own carries its exit status like this, and no other but ours does.
  if (!(error instanceof Error) || !('oclif' in error) || error instanceof OpsError) return error
  const help = `${command} --help`
  if (!('flags' in error) || !Array.isArray(error.flags)) {
    return new UsageError(missingArguments(error) ?? plainMessage(error.message), [help])
  }

  const {nearestName} = await import('./nearest.ts')
  const unknown = error.flags.map((flag) => String(flag).split('=', 1)[0] ?? '')
  const meant = unknown.flatMap((flag) => {
    const near = flag.startsWith('--') ? nearestName(flag.slice(2), flags) : undefined
    return near === undefined ? [] : [`--${near}`]
  })
  const hint = meant.length > 0 ? `, did you mean ${meant.join(' ')}?` : ''
  return new UsageError(`unknown flag${unknown.length > 1 ? 's' : ''} ${unknown.join(' ')}${hint}`, [help])
}

/** The parser's own message runs names and descriptions together. */
function missingArguments(error: Error): string | undefined {
  if (!error.message.startsWith('Missing') || !('args' in error) || !Array.isArray(error.args)) return undefined
  const names = error.args.map(({name}: {name: string}) => name.toUpperCase())
  return `missing argument${names.length > 1 ? 's' : ''} ${names.join(' ')}`
}

/** One line, lower case, unpainted, without the parser's own reference to --help. */
function plainMessage(message: string): string {
  const text = stripVTControlCharacters(message)
    .replace(/\s*See more help with --help\s*$/, '')
    .replace(/^The following errors? occurred:/, '')
    .replace(/\s+/g, ' ')
    .trim()
    .replaceAll(/Missing required flag (\S+)/g, 'missing required flag --$1')
    .replace(/^Parsing (\S+) Expected/, '$1: expected')
    .replace(/^(\S+)=\S* cannot also be provided when using/, '$1 cannot be given together with')
  return text.charAt(0).toLowerCase() + text.slice(1)
}
