import type {Trend} from '../../domain/top/rows.ts'

const BARS = [...'▁▂▃▄▅▆▇█']

/**
 * The last `width` rates as bars, each against the largest of them; the latest is the last. A rate that nobody
 * knows is a dot, so that a restart is a gap and not a zero.
 */
export function sparkline(trend: Trend, width: number): string {
  const shown = trend.slice(-width)
  const largest = Math.max(0, ...shown.map((rate) => rate ?? 0))
  const bars = shown.map((rate) => {
    if (rate === null) return '·'
    return BARS[largest > 0 ? Math.round((rate / largest) * (BARS.length - 1)) : 0] ?? ''
  })
  return bars.join('').padEnd(width)
}
