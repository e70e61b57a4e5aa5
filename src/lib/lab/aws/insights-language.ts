import type {LogEvent} from './log-store.ts'

/**
 * The part of the language of Logs Insights that the lab knows: `fields a, b | filter a like /x/ | sort a desc | limit n`,
 * with `not like`, `=` and `!=`, and texts in place of regular expressions.
 */

export interface InsightsRecord {
  readonly stream: string
  readonly event: LogEvent
}

export type InsightsRow = readonly {readonly field: string; readonly value: string}[]

export interface InsightsQuery {
  readonly fields: readonly string[]
  readonly filters: readonly ((record: InsightsRecord) => boolean)[]
  readonly sort: {readonly field: string; readonly descends: boolean} | undefined
  readonly limit: number | undefined
}

/** What a query cannot be read for. */
export class InsightsSyntaxError extends Error {
  override readonly name = 'InsightsSyntaxError'
}

/** @throws InsightsSyntaxError */
export function readInsights(text: string): InsightsQuery {
  let query: InsightsQuery = {fields: ['@timestamp', '@message'], filters: [], sort: undefined, limit: undefined}
  for (const part of splitPipes(text)) query = readCommand(query, part)
  return query
}

export function runInsights(
  {fields, filters, sort, limit}: InsightsQuery,
  records: readonly InsightsRecord[],
  mostRows: number,
): {readonly rows: readonly InsightsRow[]; readonly matched: number} {
  const matched = records.filter((record) => filters.every((isMeant) => isMeant(record)))
  const {field, descends} = sort ?? {field: '@timestamp', descends: true}
  const ordered = matched.toSorted((a, b) => {
    const [one = '', other = ''] = [fieldOf(a, field), fieldOf(b, field)]
    return (one < other ? -1 : Number(one > other)) * (descends ? -1 : 1)
  })
  const rows = ordered.slice(0, Math.min(limit ?? mostRows, mostRows)).map((record) => {
    const shown = fields.flatMap((name) => {
      const value = fieldOf(record, name)
      return value === undefined ? [] : [{field: name, value}]
    })
    return [...shown, {field: '@ptr', value: Buffer.from(record.event.id).toString('base64')}]
  })
  return {rows, matched: matched.length}
}

function fieldOf({stream, event}: InsightsRecord, field: string): string | undefined {
  if (field === '@message') return event.message
  if (field === '@logStream') return stream
  const at = field === '@timestamp' ? event.at : field === '@ingestionTime' ? event.ingestedAt : undefined
  return at === undefined ? undefined : new Date(at).toISOString().replace('T', ' ').replace('Z', '')
}

function readCommand(query: InsightsQuery, part: string): InsightsQuery {
  const [, command = '', rest = ''] = /^\s*(\w+)\s*(.*?)\s*$/s.exec(part) ?? []
  switch (command) {
    case 'fields':
    case 'display': {
      const fields = rest.split(',').map((name) => name.trim())
      if (!fields.every((name) => /^@?[\w.]+$/.test(name))) throw wrong(part)
      return {...query, fields}
    }
    case 'filter':
      return {...query, filters: [...query.filters, readFilter(rest)]}
    case 'sort': {
      const [, field, order] = /^(@?[\w.]+)(?:\s+(asc|desc))?$/.exec(rest) ?? []
      if (field === undefined) throw wrong(part)
      return {...query, sort: {field, descends: order !== 'asc'}}
    }
    case 'limit': {
      if (!/^\d+$/.test(rest) || Number(rest) < 1) throw wrong(part)
      return {...query, limit: Number(rest)}
    }
    default:
      throw wrong(part)
  }
}

function readFilter(text: string): (record: InsightsRecord) => boolean {
  const [, field = '', operator = '', operand = ''] = /^(@?[\w.]+)\s*(not like|like|!=|=)\s*(.+)$/s.exec(text) ?? []
  const quoted = /^"((?:[^"\\]|\\.)*)"$|^'((?:[^'\\]|\\.)*)'$/s.exec(operand)
  const literal = quoted ? (quoted[1] ?? quoted[2] ?? '').replace(/\\(.)/g, '$1') : undefined
  const isLike = operator.endsWith('like')
  const pattern = isLike && literal === undefined ? readPattern(operand) : undefined
  if (operator === '' || (literal === undefined && !pattern)) throw wrong(`filter ${text}`)
  const isNegative = operator === 'not like' || operator === '!='
  return (record) => {
    const value = fieldOf(record, field) ?? ''
    const isMet = pattern ? pattern.test(value) : isLike ? value.includes(literal ?? '') : value === literal
    return isMet !== isNegative
  }
}

function readPattern(operand: string): RegExp | undefined {
  const [, source, flags = ''] = /^\/((?:[^/\\]|\\.)+)\/(i?)$/s.exec(operand) ?? []
  if (source === undefined) return undefined
  try {
    return new RegExp(source, flags)
  } catch {
    throw wrong(operand)
  }
}

/** At the pipes that are in no text and no regular expression. */
function splitPipes(text: string): readonly string[] {
  const parts = text.match(/(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\/(?:[^/\\]|\\.)+\/|[^|])+/gs)
  if (!parts) throw new InsightsSyntaxError('the query is empty')
  return parts
}

function wrong(part: string): InsightsSyntaxError {
  return new InsightsSyntaxError(`unexpected symbol found ${part.trim().slice(0, 60)}`)
}
