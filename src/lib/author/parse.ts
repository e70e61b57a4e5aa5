import {dirname, join} from 'node:path'
import {Exit, OpsError} from '../errors.ts'
import {SyntaxProblem} from './parse-cursor.ts'
import {parseSyntax} from './parse-syntax.ts'
import type {Place, SyntaxEntry, SyntaxValue} from './parse-tree.ts'

export type {Place} from './parse-tree.ts'

/** A nats-server configuration as the server sees it: includes read in, variables put in, every value with its place. */
export interface ServerConfiguration {
  /** The file that was named. */
  readonly path: string
  readonly root: ConfigurationMap
  /** Every file it was read from, the named one first. */
  readonly files: readonly string[]
}

export type ConfigurationValue =
  | (Origin & {readonly kind: 'string' | 'date'; readonly text: string})
  | (Origin & {readonly kind: 'number'; readonly value: number})
  | (Origin & {readonly kind: 'boolean'; readonly value: boolean})
  | (Origin & {readonly kind: 'array'; readonly items: readonly ConfigurationValue[]})
  | ConfigurationMap

export type ConfigurationMap = Origin & {readonly kind: 'map'; readonly entries: readonly ConfigurationEntry[]}

export interface ConfigurationEntry {
  readonly key: string
  readonly value: ConfigurationValue
  readonly place: Place
}

interface Origin {
  readonly place: Place
  /** Name of the variable it came from: of the environment, where `isFromEnvironment`. */
  readonly variable?: string
  readonly isFromEnvironment?: boolean
}

/** Where texts come from. */
export interface ConfigurationSource {
  /** The text of a file; `from` is the include that names it. May reject with an OpsError of its own. */
  read(path: string, from: Place | undefined): Promise<string>
  /** A variable of the environment. */
  variable(name: string): string | undefined
}

const MOST_FILES = 100
/** A variable that stands for a map can be used in another one, and that again: few lines, endless values. */
const MOST_VALUES = 200_000
/** nats-server takes `$2a$...`, a bcrypt hash without quotes, for itself and not for a variable. */
const BCRYPT = '2a$'
/** No names: what looks like a variable may be a password that begins with `$`. */
const NO_VALUE = 'a variable of the environment holds no value'

/**
 * Reads a configuration with everything it includes. Rejects with CONFIG_NOT_PARSED (exit 2), which names file and line
 * and no value, and with what `source.read` rejects with. Any text ends in one or the other, in time and memory that
 * grow with its length.
 */
export async function parseConfiguration(path: string, source: ConfigurationSource): Promise<ServerConfiguration> {
  const files = [path]
  const resolver = new Resolver(source, files)
  const text = await source.read(path, undefined)
  const entries = await resolver.readFile(path, text, [path])
  return {path, root: {kind: 'map', entries, place: {file: path, line: 1}}, files}
}

class Resolver {
  readonly #source: ConfigurationSource
  readonly #files: string[]
  readonly #sizes = new WeakMap<ConfigurationValue, number>()
  #total = 0

  constructor(source: ConfigurationSource, files: string[]) {
    this.#source = source
    this.#files = files
  }

  /** `chain`: the files that are being read, each including the next. An included file sees none of our variables. */
  async readFile(path: string, text: string, chain: readonly string[]): Promise<readonly ConfigurationEntry[]> {
    const scope = new Scope()
    await this.#resolveEntries(parseFile(path, text), scope, [scope], {chain, variables: []})
    return scope.entries
  }

  async #resolveEntries(
    entries: readonly SyntaxEntry[],
    into: Scope,
    scopes: readonly Scope[],
    reading: Reading,
  ): Promise<void> {
    for (const entry of entries) {
      const place = placeOf(reading, entry.line)
      if (entry.kind === 'include') {
        for (const included of await this.#include(entry.path, place, reading)) into.add(included)
      } else into.add({key: entry.key, value: await this.#resolve(entry.value, scopes, reading), place})
    }
  }

  async #include(name: string, place: Place, {chain}: Reading): Promise<readonly ConfigurationEntry[]> {
    const path = join(dirname(place.file), name)
    if (chain.includes(path)) throw notParsed(place, 'a file includes itself, directly or through others')
    if (this.#files.length >= MOST_FILES) throw notParsed(place, `more than ${MOST_FILES} files are included`)
    this.#files.push(path)
    return this.readFile(path, await this.#source.read(path, place), [...chain, path])
  }

  async #resolve(value: SyntaxValue, scopes: readonly Scope[], reading: Reading): Promise<ConfigurationValue> {
    const place = placeOf(reading, value.line)
    switch (value.kind) {
      case 'variable':
        return this.#count(await this.#lookUp(value.name, place, scopes, reading), place)
      case 'array': {
        const items: ConfigurationValue[] = []
        for (const item of value.items) items.push(await this.#resolve(item, scopes, reading))
        return this.#count({kind: 'array', items, place}, place)
      }
      case 'map': {
        const scope = new Scope()
        await this.#resolveEntries(value.entries, scope, [...scopes, scope], reading)
        return this.#count({kind: 'map', entries: scope.entries, place}, place)
      }
      case 'number':
        return this.#count({kind: 'number', value: value.value, place}, place)
      case 'boolean':
        return this.#count({kind: 'boolean', value: value.value, place}, place)
      default:
        return this.#count({kind: value.kind, text: value.text, place}, place)
    }
  }

  /** Blocks from the inside out, what stands before the reference only, then the environment. */
  async #lookUp(name: string, place: Place, scopes: readonly Scope[], reading: Reading): Promise<ConfigurationValue> {
    if (name.startsWith(BCRYPT)) return {kind: 'string', text: `$${name}`, place}
    for (const scope of scopes.toReversed()) {
      const found = scope.find(name)
      if (found) return {...found, place, variable: name}
    }
    const text = this.#source.variable(name)
    if (text === undefined)
      throw notParsed(place, 'a variable is set nowhere before this line; a text that begins with $ needs quotes')
    if (reading.variables.includes(name)) throw notParsed(place, 'a variable of the environment refers to itself')
    const value = await this.#readVariable(name, text, place, reading)
    return {...value, place, variable: name, isFromEnvironment: true}
  }

  /** A variable's text is read as a value in a file would be. */
  async #readVariable(name: string, text: string, place: Place, reading: Reading): Promise<ConfigurationValue> {
    const entries = parseText(`value=${text}`, () => placed(place, NO_VALUE))
    const scope = new Scope()
    const inside = {...reading, variables: [...reading.variables, name], place}
    await this.#resolveEntries(entries, scope, [scope], inside)
    const value = scope.find('value')
    if (!value) throw notParsed(place, NO_VALUE)
    return value
  }

  #count(value: ConfigurationValue, place: Place): ConfigurationValue {
    const size = 1 + childrenOf(value).reduce((sum, child) => sum + (this.#sizes.get(child) ?? 1), 0)
    this.#sizes.set(value, size)
    this.#total += value.variable === undefined ? 1 : size
    if (this.#total > MOST_VALUES) throw notParsed(place, `the configuration has more than ${MOST_VALUES} values`)
    return value
  }
}

/** The settings of a block that have been read so far: what a reference in it can mean. */
class Scope {
  readonly entries: ConfigurationEntry[] = []
  readonly #values = new Map<string, ConfigurationValue>()

  add(entry: ConfigurationEntry): void {
    this.entries.push(entry)
    this.#values.set(entry.key, entry.value)
  }

  find(name: string): ConfigurationValue | undefined {
    return this.#values.get(name)
  }
}

/** What is being read: files by their includes, variables by their references. */
interface Reading {
  readonly chain: readonly string[]
  readonly variables: readonly string[]
  /** Inside of a variable's text: where the variable was named. */
  readonly place?: Place
}

function placeOf({chain, place}: Reading, line: number): Place {
  return place ?? {file: chain.at(-1) ?? '', line}
}

function childrenOf(value: ConfigurationValue): readonly ConfigurationValue[] {
  if (value.kind === 'array') return value.items
  return value.kind === 'map' ? value.entries.map((entry) => entry.value) : []
}

function parseFile(file: string, text: string): readonly SyntaxEntry[] {
  return parseText(text, ({message, line}) => placed({file, line}, message))
}

function parseText(text: string, explain: (problem: SyntaxProblem) => string): readonly SyntaxEntry[] {
  try {
    return parseSyntax(text)
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error
    throw failure(explain(error), error)
  }
}

function notParsed(place: Place, message: string): OpsError {
  return failure(placed(place, message))
}

function placed({file, line}: Place, message: string): string {
  return `${file}:${line}: ${message}`
}

function failure(message: string, cause?: unknown): OpsError {
  return new OpsError(message, {code: 'CONFIG_NOT_PARSED', exit: Exit.usage, cause})
}
