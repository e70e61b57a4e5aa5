import {humanBytes, humanCount, humanDuration, TIME_UNITS} from '../domain/quantity.ts'

export {humanBytes, humanCount, humanDuration} from '../domain/quantity.ts'

/** How a result shows its values. Which of the two forms is decided by where stdout goes: see `valueFormat`. */
export interface ValueFormat {
  /** Binary units with one decimal, or the number of bytes. */
  bytes(count: number): string
  /** Digits in groups of three, or plain digits. */
  count(count: number): string
  /** The two largest units, or seconds. */
  duration(ms: number): string
  /** `3m ago`, or RFC 3339 in UTC. The time is in milliseconds since the epoch. */
  time(at: number): string
  /** `82%`, or the number as it is. */
  percent(percent: number): string
}

/** Human on a terminal, exact in a pipe. `now` is what relative times are relative to, milliseconds since the epoch. */
export function valueFormat({decorated}: {readonly decorated: boolean}, now: number): ValueFormat {
  if (!decorated) return exact
  return {
    bytes: humanBytes,
    count: humanCount,
    duration: humanDuration,
    time: (at) => relativeTime(at, now),
    percent: (percent) => `${Math.round(percent)}%`,
  }
}

const exact: ValueFormat = {
  bytes: String,
  count: String,
  duration: (ms) => String(ms / 1000),
  time: rfc3339,
  percent: String,
}

/** `just now`, `3m ago`, `in 2h`: one unit is enough to know how old something is. Both in milliseconds. */
export function relativeTime(at: number, now: number): string {
  if (!Number.isFinite(at)) return '-'
  const seconds = Math.floor(Math.abs(now - at) / 1000)
  if (seconds < 1) return 'just now'
  const [size, name] = TIME_UNITS.find(([unit]) => seconds >= unit) ?? [1, 's']
  const text = `${Math.floor(seconds / size)}${name}`
  return at > now ? `in ${text}` : `${text} ago`
}

/** UTC to the second, `2030-01-02T03:04:05Z`; a dash where there is no such time. */
export function rfc3339(at: number): string {
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? '-' : date.toISOString().replace(/\.\d{3}Z$/, 'Z')
}
