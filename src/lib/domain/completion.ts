import {MONITOR_PAGES} from './monitor-pages.ts'

/** What a shell can be told of a command: its part of oclif's manifest. */
export interface CompletableCommand {
  /** Words separated by colons, e.g. `node:list`. */
  readonly id: string
  readonly summary?: string | undefined
  readonly hidden?: boolean | undefined
  readonly args: Readonly<Record<string, {readonly options?: readonly string[] | undefined}>>
  readonly flags: Readonly<Record<string, CompletableFlag>>
}

export interface CompletableFlag {
  readonly name: string
  readonly type: string
  readonly char?: string | undefined
  readonly summary?: string | undefined
  readonly hidden?: boolean | undefined
  readonly allowNo?: boolean | undefined
  readonly multiple?: boolean | undefined
  readonly options?: readonly string[] | undefined
}

export interface Candidate {
  readonly value: string
  readonly description?: string | undefined
}

/** What may stand in the place of the last word: one of these, or something that only the machine knows. */
export type Completion =
  | {readonly kind: 'words'; readonly candidates: readonly Candidate[]}
  /** `cluster` is the one the command line names; undefined: the one that counts without a flag. */
  | {readonly kind: 'node'; readonly cluster: string | undefined}
  | {readonly kind: 'cluster'}
  | {readonly kind: 'lab'}
  | {readonly kind: 'file'}

const NOTHING: Completion = {kind: 'words', candidates: []}

/**
 * What can stand where the last of `words` is being typed; `words` are those after `natsops`, the last one '' where
 * nothing is typed of it yet. Candidates are all there could be: the shell picks those that begin as it was typed.
 */
export function complete(words: readonly string[], commands: readonly CompletableCommand[]): Completion {
  const typed = splitAssignments(words)
  const current = typed.at(-1) ?? ''
  const before = typed.slice(0, -1)
  // After -- everything is another program's.
  if (before.includes('--')) return {kind: 'file'}

  const visible = commands.filter(({hidden}) => !hidden).map((command) => ({...command, path: command.id.split(':')}))
  const found = visible
    .filter(({path}) => path.every((word, index) => word === before[index]))
    .sort((a, b) => b.path.length - a.path.length)[0]
  const rest = found ? before.slice(found.path.length) : before
  const nextWords = current.startsWith('-') ? [] : followingWords(visible, before)

  if (!found) return {kind: 'words', candidates: nextWords}
  const flag = flagNamed(found, before.at(-1))
  if (flag?.type === 'option') return valuesOf(flag.name, flag.options, before, found.id)
  if (current.startsWith('-')) return {kind: 'words', candidates: unusedFlags(found, rest)}

  const args = Object.entries(found.args)
  const place = countArguments(found, rest)
  const [name, arg] = args[place] ?? []
  if (name === undefined) return nextWords.length > 0 ? {kind: 'words', candidates: nextWords} : NOTHING
  const value = valuesOf(name, arg?.options, before, found.id)
  return value.kind === 'words' ? {kind: 'words', candidates: [...nextWords, ...value.candidates]} : value
}

/** `--cluster=na` is two words here; bash takes the = for one of its own. */
function splitAssignments(words: readonly string[]): readonly string[] {
  const split = words.flatMap((word) => {
    const at = word.indexOf('=')
    return word.startsWith('--') && at > 0 ? [word.slice(0, at), word.slice(at + 1)] : [word]
  })
  const isBashes = (word: string, index: number): boolean => word === '=' && split[index - 1]?.startsWith('--') === true
  return split.flatMap((word, index) => (isBashes(word, index) ? (index === split.length - 1 ? [''] : []) : [word]))
}

/** The words that come next in the names of commands, each once, with the summary of the command it completes. */
function followingWords(
  commands: readonly (CompletableCommand & {readonly path: readonly string[]})[],
  before: readonly string[],
): readonly Candidate[] {
  const next = new Map<string, string | undefined>()
  for (const {path, summary} of commands) {
    const word = path[before.length]
    if (word === undefined || !before.every((each, index) => each === path[index])) continue
    if (path.length === before.length + 1) next.set(word, summary)
    else if (!next.has(word)) next.set(word, undefined)
  }
  return [...next].map(([value, description]) => ({value, description}))
}

function flagNamed({flags}: CompletableCommand, word: string | undefined): CompletableFlag | undefined {
  if (word === undefined || !word.startsWith('-')) return undefined
  return Object.values(flags).find(
    ({name, char}) => word === `--${name}` || (char !== undefined && word === `-${char}`),
  )
}

function unusedFlags(command: CompletableCommand, used: readonly string[]): readonly Candidate[] {
  return Object.values(command.flags)
    .filter(({hidden}) => !hidden)
    .filter((flag) => flag.multiple || !used.some((word) => flagNamed(command, word)?.name === flag.name))
    .flatMap(({name, summary, allowNo}) => [
      {value: `--${name}`, description: summary},
      ...(allowNo ? [{value: `--no-${name}`, description: undefined}] : []),
    ])
}

/** How many arguments stand there already: words that are neither flags nor values of flags. */
function countArguments(command: CompletableCommand, words: readonly string[]): number {
  return words.filter((word, index) => {
    if (word.startsWith('-')) return false
    return flagNamed(command, words[index - 1])?.type !== 'option'
  }).length
}

/** By the name of a flag or an argument: what natsops calls by one name is the same thing everywhere. */
function valuesOf(
  name: string,
  options: readonly string[] | undefined,
  before: readonly string[],
  command: string,
): Completion {
  if (options) return {kind: 'words', candidates: options.map((value) => ({value}))}
  const isLab = command.startsWith('lab:')
  if (name === 'node' || name === 'leader') return isLab ? NOTHING : {kind: 'node', cluster: clusterOf(before)}
  if (name === 'cluster' || name === 'confirm') return {kind: 'cluster'}
  if (name === 'lab' || (isLab && name === 'name')) return {kind: 'lab'}
  if (command === 'cluster:show' && name === 'name') return {kind: 'cluster'}
  if (command === 'monitor' && name === 'endpoint') {
    return {
      kind: 'words',
      candidates: Object.entries(MONITOR_PAGES).map(([value, {about}]) => ({value, description: about})),
    }
  }
  if (/^(file|out|events|html|.*-file)$/.test(name)) return {kind: 'file'}
  return NOTHING
}

function clusterOf(words: readonly string[]): string | undefined {
  const at = words.findLastIndex((word) => word === '--cluster' || word === '-c')
  return at < 0 ? undefined : words[at + 1]
}
