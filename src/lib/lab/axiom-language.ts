import type {AxiomEvent} from './axiom.ts'

/** The part of APL that the lab knows: where, search, sort, limit, take, project and count. */

export interface AplQuery {
  readonly dataset: string
  readonly steps: readonly Step[]
}

type Step = (events: readonly AxiomEvent[]) => readonly AxiomEvent[]

export interface AplTable {
  readonly fields: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
}

/** What a query cannot be read for. */
export class AplSyntaxError extends Error {
  override readonly name = 'AplSyntaxError'
}

/** @throws AplSyntaxError */
export function readApl(text: string): AplQuery {
  const [first = '', ...rest] = splitPipes(text)
  const dataset = /^\s*\[\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*\]\s*$/.exec(first)?.[1]
  if (dataset === undefined) throw new AplSyntaxError(`a query begins with ['dataset'], not with ${first.trim()}`)
  return {dataset: unquote(dataset), steps: rest.map(readStep)}
}

/** A field that only some events have is null in the others. */
export function runApl({steps}: AplQuery, events: readonly AxiomEvent[]): AplTable {
  const found = steps.reduce((left, step) => step(left), events)
  const fields = [...new Set(found.flatMap((event) => Object.keys(event)))]
  return {fields, rows: found.map((event) => fields.map((field) => event[field] ?? null))}
}

function readStep(text: string): Step {
  const [, command = '', rest = ''] = /^\s*(\w+)\s*(.*?)\s*$/s.exec(text) ?? []
  switch (command) {
    case 'where': {
      const isMeant = readCondition(rest)
      return (events) => events.filter(isMeant)
    }
    case 'search': {
      const wanted = unquote(rest)
      return (events) => events.filter((event) => JSON.stringify(event).includes(wanted))
    }
    case 'sort':
    case 'order': {
      const [, field, order] = /^by\s+(\S+)(?:\s+(asc|desc))?$/.exec(rest) ?? []
      if (field === undefined) throw new AplSyntaxError(`cannot read: ${text.trim()}`)
      const sign = order === 'asc' ? 1 : -1
      return (events) => events.toSorted((a, b) => sign * String(a[field]).localeCompare(String(b[field])))
    }
    case 'limit':
    case 'take': {
      if (!/^\d+$/.test(rest)) throw new AplSyntaxError(`cannot read: ${text.trim()}`)
      return (events) => events.slice(0, Number(rest))
    }
    case 'project': {
      const fields = rest.split(',').map((field) => field.trim())
      return (events) =>
        events.map((event) => Object.fromEntries(fields.map((field) => [field, event[field]])) as AxiomEvent)
    }
    case 'count':
      return (events) => [{Count: events.length} as unknown as AxiomEvent]
    default:
      throw new AplSyntaxError(`the lab does not know the operator ${command || text.trim()}`)
  }
}

function readCondition(text: string): (event: AxiomEvent) => boolean {
  const [, since] = /^_time\s*>=\s*datetime\(\s*(.+?)\s*\)$/.exec(text) ?? []
  if (since !== undefined) {
    const from = Date.parse(unquote(since))
    return ({_time}) => Date.parse(_time) >= from
  }
  const [, quoted, plain = '', operator, operand = ''] =
    /^(?:\[(.+?)\]|([\w.]+))\s*(==|!=|contains)\s*(.+)$/s.exec(text) ?? []
  if (operator === undefined) throw new AplSyntaxError(`cannot read: where ${text}`)
  const field = quoted === undefined ? plain : unquote(quoted)
  const wanted = unquote(operand)
  return (event) => {
    const value = String(event[field] ?? '')
    if (operator === 'contains') return value.toLowerCase().includes(wanted.toLowerCase())
    return (value === wanted) === (operator === '==')
  }
}

/** @throws AplSyntaxError for what is no text between quotes */
function unquote(text: string): string {
  const found = /^"((?:[^"\\]|\\.)*)"$|^'((?:[^'\\]|\\.)*)'$/s.exec(text.trim())
  if (!found) throw new AplSyntaxError(`not a text between quotes: ${text}`)
  return (found[1] ?? found[2] ?? '').replace(/\\(.)/g, '$1')
}

function splitPipes(text: string): readonly string[] {
  return text.match(/(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^|])+/gs) ?? ['']
}
