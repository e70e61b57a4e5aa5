import {MONITOR_PAGES} from './monitor-pages.ts'

/** What a shell can be told of a command: its part of oclif's manifest. */
export interface CompletableCommand {
  /** Words separated by colons, e.g. `node:list`. */
  readonly id: string
  readonly summary?: string | undefined
  readonly hidden?: boolean | undefined
  /** False: what follows the last argument is more of the same. */
  readonly strict?: boolean | undefined
  readonly args: Readonly<Record<string, CompletableValue>>
  readonly flags: Readonly<Record<string, CompletableFlag>>
}

/** What an argument or a flag takes. */
export interface CompletableValue {
  readonly name: string
  readonly options?: readonly string[] | undefined
  readonly multiple?: boolean | undefined
}

export interface CompletableFlag extends CompletableValue {
  readonly type: string
  readonly char?: string | undefined
  readonly summary?: string | undefined
  readonly hidden?: boolean | undefined
  readonly allowNo?: boolean | undefined
  /** What the help shows in the place of its value. */
  readonly helpValue?: string | readonly string[] | undefined
  readonly default?: unknown
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
  | {readonly kind: 'cluster' | 'lab' | 'fault' | 'rule' | 'file' | 'folder'}

const NOTHING: Completion = {kind: 'words', candidates: []}

/** What a value can be, `page` one of the monitoring port's. */
type Kind = Exclude<Completion['kind'], 'words'> | 'page' | 'text'

/** By the name of a flag or an argument: what natsops calls by one name is nearly everywhere the same thing. */
const kindsByName: Readonly<Record<string, Kind>> = {
  cluster: 'cluster',
  confirm: 'cluster',
  node: 'node',
  leader: 'node',
  lab: 'lab',
  ignore: 'rule',
  endpoint: 'page',
  file: 'file',
  path: 'file',
  folder: 'folder',
  server: 'file',
  'nats-server': 'file',
}

/** By what the help shows in the place of a flag's value. */
const kindsByHelpValue: Readonly<Record<string, Kind>> = {FILE: 'file', DIR: 'folder'}

/** By command and name: `name` is of many things, and a node of `cert generate` is none yet. */
const kindsByPlace: Readonly<Record<string, Kind>> = {
  'cert:generate node': 'text',
  'cluster:show name': 'cluster',
  'lab:down name': 'lab',
  'lab:env name': 'lab',
  'lab:fault name': 'fault',
  'lab:status name': 'lab',
  'lab:up name': 'lab',
}

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
  if (flag?.type === 'option') return valuesOf(flag, found, before)
  if (current.startsWith('-')) return {kind: 'words', candidates: unusedFlags(found, rest)}

  const arg = argumentAt(found, countArguments(found, rest))
  if (!arg) return nextWords.length > 0 ? {kind: 'words', candidates: nextWords} : NOTHING
  const value = valuesOf(arg, found, before)
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

/** The argument at this place, counted from 0. */
function argumentAt({args, strict}: CompletableCommand, place: number): CompletableValue | undefined {
  const all = Object.values(args)
  const last = all.at(-1)
  return all[place] ?? (strict === false || last?.multiple ? last : undefined)
}

function valuesOf(
  value: CompletableValue | CompletableFlag,
  command: CompletableCommand,
  before: readonly string[],
): Completion {
  const {name, options} = value
  if (options) return {kind: 'words', candidates: options.map((each) => ({value: each}))}
  const shown = 'helpValue' in value ? String(value.helpValue) : ''
  const kind = kindsByPlace[`${command.id} ${name}`] ?? kindsByName[name] ?? kindsByHelpValue[shown] ?? 'text'
  if (kind === 'text') return NOTHING
  if (kind === 'node') return {kind, cluster: clusterOf(command, before)}
  if (kind !== 'page') return {kind}
  const pages = Object.entries(MONITOR_PAGES)
  return {kind: 'words', candidates: pages.map(([page, {about}]) => ({value: page, description: about}))}
}

/** The cluster whose nodes are meant; of a command for labs the lab, which has a name of its own where none is given. */
function clusterOf(command: CompletableCommand, words: readonly string[]): string | undefined {
  const flag = command.flags.lab ?? command.flags.cluster
  const at = words.findLastIndex((word) => flag !== undefined && flagNamed(command, word) === flag)
  if (at >= 0) return words[at + 1]
  return typeof flag?.default === 'string' ? flag.default : undefined
}
