import type {ZodType} from 'zod'
import {messageOf, UsageError} from '../errors.ts'
import {showValue} from './values.ts'

/** The text of a YAML file, or of a JSON file by its name. */
export interface DocumentText {
  readonly path: string
  readonly text: string
}

/** The keys that may stand at a path of a document, for "did you mean"; `document` is all of it, unchecked. */
export type KnownKeys = (path: readonly PropertyKey[], document: unknown) => readonly string[]

/**
 * What a file says, checked. Every message of the schema completes "expected ...". UsageError with up to ten problems,
 * one a line, each with the file's line, the key and its value; an unknown key is named with the nearest known one.
 */
export async function checkDocument<Value>(
  {path, text}: DocumentText,
  schema: ZodType<Value>,
  knownKeys: KnownKeys,
): Promise<Value> {
  const {parseDocument, LineCounter, isMap, isNode, isScalar, visit} = await import('yaml')
  const lines = new LineCounter()
  // JSON is YAML but for tabs, which cannot stand inside a string of it.
  const source = path.endsWith('.json') ? refuseNonJson(path, text).replaceAll('\t', ' ') : text
  const document = parseDocument(source, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
    // It compares each key with each other one; see below.
    uniqueKeys: false,
  })
  const lineOf = (offset: number | undefined): string => (offset === undefined ? '' : `:${lines.linePos(offset).line}`)
  const [problem] = [...document.errors, ...document.warnings]
  if (problem) throw new UsageError(`${path}${lineOf(problem.pos[0])}: ${lowerFirst(problem.message)}`)

  let value: unknown
  let repeated: number | undefined
  try {
    visit(document, {
      Map: (_, {items}) => {
        const seen = new Set<unknown>()
        for (const {key} of items) {
          if (!isScalar(key)) continue
          if (seen.has(key.value)) repeated ??= key.range?.[0]
          seen.add(key.value)
        }
      },
    })
    value = document.toJS()
  } catch (error) {
    throw new UsageError(`${path}: ${lowerFirst(messageOf(error))}`)
  }
  if (repeated !== undefined) throw new UsageError(`${path}${lineOf(repeated)}: map keys must be unique`)
  // Interpreted: compiling a schema takes longer than reading one document.
  const checked = schema.safeParse(value, {jitless: true})
  if (checked.success) return checked.data

  const {nearestName} = await import('../nearest.ts')
  const whereIs = (keys: readonly PropertyKey[], key?: string): string => {
    const node = keys.length === 0 ? document.contents : document.getIn(keys, true)
    // A value that is missing stands nowhere: what should have it does.
    if (node === undefined && keys.length > 0) return whereIs(keys.slice(0, -1))
    if (key === undefined || !isMap(node)) return lineOf(isNode(node) ? node.range?.[0] : undefined)
    const pair = node.items.find((each) => isNode(each.key) && String(each.key) === key)
    return lineOf(isNode(pair?.key) ? pair.key.range?.[0] : undefined)
  }
  const found = flattenIssues(checked.error.issues).slice(0, MOST_PROBLEMS)
  const problems = found.flatMap(({path: keys, message, unknown}) =>
    unknown
      ? unknown.slice(0, MOST_PROBLEMS).map((key) => {
          const known = knownKeys(keys, value)
          const meant = nearestName(key, known)
          const hint = meant ? `, did you mean ${meant}` : `: known are ${known.join(', ')}`
          return `${path}${whereIs(keys, key)}: ${dotted([...keys, key])} is unknown${hint}`
        })
      : [`${path}${whereIs(keys)}: ${wrongValue(keys, valueAt(value, keys))}, expected ${message}`],
  )
  throw new UsageError(problems.slice(0, MOST_PROBLEMS))
}

const MOST_PROBLEMS = 10

/** What a schema issue comes to: a wrong value, or keys that nobody knows. */
interface FileProblem {
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly unknown?: readonly string[]
}

interface Issue {
  readonly code: string
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly keys?: readonly string[]
  readonly errors?: readonly (readonly Issue[])[]
  readonly issues?: readonly Issue[]
}

/** Of a choice, the branch that got furthest into the value is what the operator meant. */
function flattenIssues(issues: readonly unknown[], above: readonly PropertyKey[] = []): readonly FileProblem[] {
  return (issues as readonly Issue[]).flatMap((issue): readonly FileProblem[] => {
    const path = [...above, ...issue.path]
    if (issue.code === 'unrecognized_keys') return [{path, message: issue.message, unknown: issue.keys ?? []}]
    if (issue.code === 'invalid_key') {
      return [{path, message: issue.issues?.[0]?.message ?? issue.message}]
    }
    const meant = issue.errors?.find((branch) =>
      branch.some((each) => each.path.length > 0 || each.code === 'custom' || each.code === 'too_big'),
    )
    return meant ? flattenIssues(meant, path) : [{path, message: issue.message}]
  })
}

function wrongValue(keys: readonly PropertyKey[], value: unknown): string {
  if (keys.length === 0) return `the file is ${Array.isArray(value) ? 'a list' : showValue(value)}`
  if (value === undefined) return `${dotted(keys)} is missing`
  return `${dotted(keys)} is ${isSecret(keys) ? 'another text (not shown)' : hideUser(showValue(value))}`
}

/** Where a hash is expected, what stands there may be the secret itself. */
function isSecret(keys: readonly PropertyKey[]): boolean {
  return /^(password|token)$/.test(String(keys.at(-1)))
}

function hideUser(text: string): string {
  return text.replace(/[^\s"/]*:[^\s"/]*@/g, '***@')
}

function valueAt(value: unknown, keys: readonly PropertyKey[]): unknown {
  return keys.reduce<unknown>(
    (each, key) => (typeof each === 'object' && each !== null ? Reflect.get(each, key) : undefined),
    value,
  )
}

function dotted(keys: readonly PropertyKey[]): string {
  return keys.map(String).join('.')
}

function refuseNonJson(path: string, text: string): string {
  const body = text.replace(/^\ufeff/, '')
  if (body.trim() === '') return '{}'
  try {
    JSON.parse(body)
  } catch (error) {
    // Some of these messages quote the text, which may hold a secret.
    throw new UsageError(`${path}: not JSON: ${lowerFirst(messageOf(error).replace(/, (\.\.\.)?".*/s, ''))}`)
  }
  return body
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
