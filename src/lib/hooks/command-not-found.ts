import type {Hook} from '@oclif/core'
import {ownArguments} from '../arguments.ts'
import {openConfiguration} from '../config.ts'
import {printableJson} from '../domain/printable.ts'
import {describe, Exit, UsageError} from '../errors.ts'
import {nearestName} from '../nearest.ts'
import {openTerminal} from '../output/terminal.ts'

/** oclif calls this for what is no command: one line, the nearest command, exit 2, never a question. */
const commandNotFound: Hook.CommandNotFound = async ({id, argv = [], config}) => {
  const commands = config.commands.filter(({hidden}) => !hidden).map((command) => command.id.split(':'))
  const error = describe(explainUnknown(id.split(':'), commands, config.bin))
  const options = ownArguments(argv)
  process.exitCode = Exit.usage
  if (options.includes('--json')) {
    process.stdout.write(`${printableJson({error}, {indented: true})}\n`)
  } else {
    const colour = openConfiguration().colour(options.includes('--no-color') ? false : undefined)
    openTerminal({colour, quiet: false}).fail({...error, suggestions: []}, undefined)
  }
}
export default commandNotFound

/**
 * What to say of words that are no command, among the words of the known ones. Each word is taken as it is or as its
 * nearest neighbour at that place; what follows the last one that fits is an argument.
 */
export function explainUnknown(
  words: readonly string[],
  commands: readonly (readonly string[])[],
  bin: string,
): UsageError {
  const path: string[] = []
  for (const word of words) {
    const next = commands.flatMap((command) =>
      path.every((each, index) => each === command[index]) ? (command[path.length] ?? []) : [],
    )
    const meant = next.includes(word) ? word : nearestName(word, next)
    if (meant === undefined) break
    path.push(meant)
  }
  const found = [bin, ...path].join(' ')
  const typed = words.slice(0, path.length).join(' ')
  if (typed !== path.join(' ')) return new UsageError(`unknown command ${typed}, did you mean ${found}?`, [found])

  const extra = words[path.length] ?? ''
  const help = `${found} --help`
  const isCommand = commands.some((command) => command.join(' ') === path.join(' '))
  if (isCommand) return new UsageError(`${found} takes no argument ${JSON.stringify(extra)}, see ${help}`, [help])
  if (path.length > 0) return new UsageError(`${found} has no command ${extra}, see ${help}`, [help])
  const topic = extra === 'help' ? words.slice(1) : []
  const whole = [bin, ...topic, '--help'].join(' ')
  const problem = extra.startsWith('-')
    ? `flags come after the command, not before it: ${extra}`
    : `unknown command ${extra}`
  return new UsageError(`${problem}, see ${whole}`, [whole])
}
