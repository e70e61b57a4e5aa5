/** Numbers in words for messages: the same forms that results on a terminal have. */

/** `512 B`, `1.5 MiB`: binary units, as the server and its CLI count. */
export function humanBytes(count: number): string {
  if (!Number.isFinite(count)) return '-'
  const size = Math.abs(count)
  // 1023.95 would round to 1024.0: that is one of the next unit.
  const unit = BYTE_UNITS.findIndex((_, power) => size < 1023.95 * 1024 ** power)
  const power = unit < 0 ? BYTE_UNITS.length - 1 : unit
  const value = count / 1024 ** power
  return `${power === 0 ? value : value.toFixed(1)} ${BYTE_UNITS[power]}`
}

/** `1,234,567`. */
export function humanCount(count: number): string {
  // The machine's own formatter takes some milliseconds to come up.
  if (Number.isSafeInteger(count)) return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
  return Number.isFinite(count) ? count.toLocaleString('en-US') : '-'
}

/** The two largest units: `250ms`, `4.2s`, `2m5s`, `1h30m`, `3d4h`; the second unit is left out where it is zero. */
export function humanDuration(ms: number): string {
  if (!Number.isFinite(ms)) return '-'
  if (ms < 0) return `-${humanDuration(-ms)}`
  if (ms < 999.5) return `${Math.round(ms)}ms`
  if (ms < 9_950) return `${trimZero((ms / 1000).toFixed(1))}s`
  const seconds = Math.round(ms / 1000)
  const first = TIME_UNITS.findIndex(([size]) => seconds >= size)
  const [size, name] = TIME_UNITS[first] ?? [1, 's']
  const [nextSize, nextName] = TIME_UNITS[first + 1] ?? [1, '']
  const rest = nextName ? Math.floor((seconds % size) / nextSize) : 0
  return `${Math.floor(seconds / size)}${name}${rest > 0 ? `${rest}${nextName}` : ''}`
}

/** `86 %` of two numbers, cut and not rounded: 99.9 is not yet all. 0 where there is no whole. */
export function percentOf(part: number, whole: number): number {
  return whole > 0 ? Math.floor((part * 1000) / whole) / 10 : 0
}

/** `1 stream`, `3 streams`. */
export function counted(count: number, noun: string): string {
  return `${humanCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** The first names and how many more: `a, b, c and 4 more`. */
export function listed(names: readonly string[], limit = 3): string {
  if (names.length <= limit) return names.join(', ')
  return `${names.slice(0, limit).join(', ')} and ${humanCount(names.length - limit)} more`
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

export const TIME_UNITS: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'm'],
  [1, 's'],
]

function trimZero(text: string): string {
  return text.endsWith('.0') ? text.slice(0, -2) : text
}

/** Infinity where there are none. Not Math.min(...): a hundred thousand arguments are more than a call can have. */
export function smallest(numbers: readonly number[]): number {
  return numbers.reduce((least, each) => Math.min(least, each), Number.POSITIVE_INFINITY)
}

/** As smallest; -Infinity where there are none. */
export function largest(numbers: readonly number[]): number {
  return numbers.reduce((most, each) => Math.max(most, each), Number.NEGATIVE_INFINITY)
}
