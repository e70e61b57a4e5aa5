import {createHash} from 'node:crypto'

/** An id as AWS forms them, the same for the same account and thing: `subnet-0a1b...`. */
export function fixedId(prefix: string, ...of: readonly string[]): string {
  return `${prefix}-${fixedHex(...of)}`
}

/** Seventeen hexadecimal digits. */
export function fixedHex(...of: readonly string[]): string {
  return `0${createHash('sha256').update(of.join('/')).digest('hex').slice(0, 16)}`
}
