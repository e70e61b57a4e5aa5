import {UsageError} from '../errors.ts'

const UNITS = {d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1} as const
const PART = /(\d+(?:\.\d+)?)(ms|[dhms])/y

/** A timer of Node takes no more: it would fire at once. */
const LONGEST_MS = 24 * UNITS.d

/**
 * Milliseconds of `250ms`, `5s`, `2m`, `1h30m`, `1.5h`; a bare number is seconds. Undefined for anything else: a unit
 * twice or out of order, a sign, zero, more than 24 days.
 */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim()
  const total = Math.round(/^\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) * UNITS.s : sumOfParts(trimmed))
  return total >= 1 && total <= LONGEST_MS ? total : undefined
}

/** As parseDuration; UsageError names the option and the value. */
export function requireDuration(option: string, text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) {
    throw new UsageError(`${option} ${JSON.stringify(text)} is not a duration between 1ms and 24d`, [
      `${option} 500ms, ${option} 5s, ${option} 2m or ${option} 1h30m`,
    ])
  }
  return ms
}

/** NaN where the text is not a sequence of parts, each with a smaller unit than the one before. */
function sumOfParts(text: string): number {
  const part = new RegExp(PART)
  let total = 0
  let lastUnit = Number.POSITIVE_INFINITY
  do {
    const [, digits, name] = part.exec(text) ?? []
    const unit = UNITS[name as keyof typeof UNITS]
    if (unit === undefined || unit >= lastUnit) return Number.NaN
    total += Number(digits) * unit
    lastUnit = unit
  } while (part.lastIndex < text.length)
  return total
}
