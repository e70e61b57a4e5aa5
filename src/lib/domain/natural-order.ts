/** A run of digits, or of anything else. */
const PARTS = /\d+|\D+/g
const NUMBER = /^\d/

/**
 * By number where there is one: node-2 before node-10, 2.9.1 before 2.10.0. Everything else by its code units, and so are
 * texts that differ by leading zeros alone. Negative: a comes first.
 *
 * Our own, for the rules of a language take 10 ms to load, and 15 µs for each comparison by number.
 */
export function compareNames(a: string, b: string): number {
  const [left, right] = [a.match(PARTS) ?? [], b.match(PARTS) ?? []]
  for (let index = 0; index < left.length && index < right.length; index++) {
    const order = compareParts(left[index] as string, right[index] as string)
    if (order !== 0) return order
  }
  return left.length - right.length || compareTexts(a, b)
}

function compareParts(a: string, b: string): number {
  if (!NUMBER.test(a) || !NUMBER.test(b)) return compareTexts(a, b)
  const [x, y] = [a, b].map((digits) => digits.replace(/^0+/, '')) as [string, string]
  return x.length - y.length || compareTexts(x, y)
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
