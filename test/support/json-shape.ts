import {existsSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'

/** What a path holds: the types seen there, and whether it was seen in every document. */
export interface PathTypes {
  readonly types: readonly string[]
  /** Only sometimes there, or with only some of the types: what a test cannot settle. */
  readonly sometimes: boolean
}

export type Shape = ReadonlyMap<string, PathTypes>

/** Documents of others, and maps whose keys are data: what is below is none of our shape. */
const OTHERS =
  /^(monitor nodes\.[^.]+\.body|cluster show values|lab env set|logs (query|insights) rows\[\]|\S+ info .*\b(configuration|messagesBySubject)|health .*\breplicas)$/
/** Objects by name of a node: one shape for all of them. */
const BY_NODE = /^monitor nodes\.[^.]+/

/** Every path of the documents of a command with its types, sorted; no values. */
export function shapeOf(command: string, documents: readonly unknown[]): Shape {
  const seen = new Map<string, Set<string>>()
  const note = (path: string, type: string) => seen.set(path, (seen.get(path) ?? new Set()).add(type))
  for (const document of documents) {
    visit(command, '', document, (path, value, isOthers) => {
      const own = `${command} ${path}`.replace(BY_NODE, 'monitor nodes.*').slice(command.length + 1)
      if (isOthers) note(own, 'as it is')
      else if (Array.isArray(value)) note(`${own}[]`, value.length === 0 ? 'none' : 'some')
      else if (typeof value !== 'object' || value === null) note(own, value === null ? 'null' : typeof value)
    })
  }
  // Of a list its elements tell.
  for (const [path, types] of seen) {
    types.delete('some')
    if (types.size === 0) seen.delete(path)
  }
  const sorted = [...seen].sort(([a], [b]) => (a < b ? -1 : 1))
  return new Map(sorted.map(([path, types]) => [path, {types: [...types].sort(), sometimes: false}]))
}

/** Of the command that printed a document. */
export interface Printer {
  /** It has --cluster. */
  readonly asksCluster: boolean
  /** It settles an exit status beside its result: not only where it fails. */
  readonly settlesStatus: boolean
  /** What it ended with. */
  readonly status: number
}

/** About files; the cluster only tells what should be in them. */
const ABOUT_FILES: readonly string[] = ['cert generate', 'service switch']

/** What a document does against docs/json.md, one line each. */
export function offencesOf(command: string, document: object, printer: Printer): readonly string[] {
  const offences = wholeOffences(command, document, printer)
  visit(command, '', document, (path, value, isOthers) => {
    const say = (what: string) => offences.push(`${command} --json: ${path} ${what}`)
    if (isOthers || path === '') return
    const name = path.replace(/\[\]$/, '').split('.').at(-1) ?? ''
    if (!path.endsWith('[]') && !/^[a-z][A-Za-z0-9]*$/.test(name) && !OTHER_NAMES.test(path))
      say('is no camelCase name')
    if (/(^at|At|Since)$/.test(name) && !path.endsWith('[]') && value !== null && !isMoment(value))
      say('is no moment in RFC 3339')
    if (isMoment(value) && !/(^at|At|Since)$/.test(name) && !KEPT.test(name))
      say('is a moment whose name does not say so')
    if (
      typeof value === 'number' &&
      /(^ms|seconds|duration|age|rtt|uptime|took|ttl)$/i.test(name) &&
      name !== 'uptimeSeconds'
    ) {
      if (!/[a-z](Ms|Seconds)$/.test(name)) say('does not name its unit')
    }
    if (Array.isArray(value)) {
      const keys = new Set(value.filter(isObject).map((each) => Object.keys(each).sort().join()))
      if (keys.size > 1) say(`has elements of different fields: ${[...keys].join(' | ')}`)
    }
    if (name === 'account' && (isObject(value) || ACCOUNT_KEY.test(String(value)))) say('is no name')
    if (name === 'accountId' && value !== null && value !== GLOBAL_ACCOUNT && !ACCOUNT_KEY.test(String(value)))
      say('is no public key')
  })
  return offences
}

/** Of the fields that a document has for what it is about. */
function wholeOffences(command: string, document: object, {asksCluster, settlesStatus, status}: Printer): string[] {
  const has = (name: string) => Object.hasOwn(document, name)
  const exit = has('exit') ? Object.getOwnPropertyDescriptor(document, 'exit')?.value : undefined
  const offences: readonly (readonly [isSo: boolean, what: string])[] = [
    [asksCluster && !has('cluster') && !ABOUT_FILES.includes(command), 'has no cluster'],
    [command.startsWith('lab ') && !has('lab'), 'has no lab'],
    [has('verdict') && !has('at'), 'has a verdict and does not say when'],
    [(settlesStatus || status !== 0) && !has('verdict') && !has('exit'), 'tells its exit status nowhere'],
    [has('exit') && exit !== status, `has exit ${exit} and ends with ${status}`],
  ]
  return offences.flatMap(([isSo, what]) => (isSo ? [`${command} --json: ${what}`] : []))
}

const ACCOUNT_KEY = /^A[A-Z2-7]{55}$/
/** What servers call it that have no accounts: it has no key. */
const GLOBAL_ACCOUNT = '$G'
/** Enumerations as keys of counts, and the names of nodes. */
const OTHER_NAMES = /(^|\.)counts\.|^nodes\.[^.]+$/
/** As certificates and JWTs call them. */
const KEPT = /^(notBefore|notAfter|validFrom)$/

function isMoment(value: unknown): boolean {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function visit(
  command: string,
  path: string,
  value: unknown,
  look: (path: string, value: unknown, isOthers: boolean) => void,
): void {
  const isOthers = OTHERS.test(`${command} ${path}`)
  look(path, value, isOthers)
  if (isOthers) return
  if (Array.isArray(value)) for (const each of value) visit(command, `${path}[]`, each, look)
  else if (isObject(value)) {
    for (const [name, each] of Object.entries(value)) visit(command, path === '' ? name : `${path}.${name}`, each, look)
  }
}

const file = join(import.meta.dirname, '../golden/json.txt')

/**
 * How the shapes differ from test/golden/json.txt, one line each. There `path: types` holds as it is; `path?: types` is
 * a path that is only sometimes there or has only some of the types. With UPDATE_GOLDEN=1 the file is written
 * anew; the paths that were marked stay so.
 */
export function compareShapes(shapes: ReadonlyMap<string, Shape>): readonly string[] {
  const approved = existsSync(file) ? parseShapes(readFileSync(file, 'utf8')) : new Map<string, Shape>()
  if (process.env.UPDATE_GOLDEN === '1') {
    const merged = [...shapes].map(([command, shape]) => [command, keepMarks(shape, approved.get(command))] as const)
    writeFileSync(file, formatShapes(new Map(merged)))
    return []
  }
  const commands = [...new Set([...approved.keys(), ...shapes.keys()])]
  return commands.flatMap((command) => compareShape(command, shapes.get(command), approved.get(command)))
}

function compareShape(command: string, found: Shape = new Map(), approved: Shape = new Map()): readonly string[] {
  const paths = [...new Set([...approved.keys(), ...found.keys()])]
  return paths.flatMap((path) => {
    const [is, was] = [found.get(path), approved.get(path)]
    const extra = isUnfilled(approved, path) ? [] : without(is, was)
    const missing = was?.sometimes || isUnfilled(found, path) ? [] : without(was, is)
    const say = (what: string, types: readonly string[]) =>
      types.length > 0 ? [`${command}: ${path} ${what} ${types.join('|')}`] : []
    return [...say('is new:', extra), ...say('is gone:', missing)]
  })
}

const UNFILLED: readonly string[] = ['null', 'none']

/** Types of one that the other lacks. Null and an empty list stand for any: what happens at the time decides. */
function without(one: PathTypes | undefined, other: PathTypes | undefined): readonly string[] {
  return one?.types.filter((type) => !other?.types.includes(type) && !(other && UNFILLED.includes(type))) ?? []
}

/** Nothing was there yet, or in what the path is a part of: nothing can be said of its type. */
function isUnfilled(shape: Shape, path: string): boolean {
  const steps = path.split(/(?=\.|\[\])/)
  return steps.some((_, index) => {
    const types = shape.get(steps.slice(0, index + 1).join(''))?.types
    return types?.every((type) => UNFILLED.includes(type))
  })
}

function keepMarks(shape: Shape, approved: Shape = new Map()): Shape {
  const marked = [...approved].filter(([, {sometimes}]) => sometimes)
  const merged = new Map(shape)
  for (const [path, {types}] of marked) {
    const all = new Set([...types, ...(shape.get(path)?.types ?? [])])
    merged.set(path, {types: [...all].sort(), sometimes: true})
  }
  return new Map([...merged].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function formatShapes(shapes: ReadonlyMap<string, Shape>): string {
  const sections = [...shapes]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([command, shape]) => {
      const lines = [...shape].map(
        ([path, {types, sometimes}]) => `  ${path}${sometimes ? '?' : ''}: ${types.join('|')}`,
      )
      return [command, ...lines].join('\n')
    })
  return `${sections.join('\n\n')}\n`
}

function parseShapes(text: string): ReadonlyMap<string, Shape> {
  return new Map(
    text
      .trimEnd()
      .split('\n\n')
      .map((section) => {
        const [command = '', ...lines] = section.split('\n')
        const paths = lines.map((line): readonly [string, PathTypes] => {
          const [, path = '', mark, types = ''] = /^ {2}(.*?)(\?)?: (.*)$/.exec(line) ?? []
          return [path, {types: types.split('|'), sometimes: mark !== undefined}]
        })
        return [command, new Map(paths)] as const
      }),
  )
}
