/**
 * Data as --json tells it: milliseconds since the epoch under `at` and `...At` become RFC 3339, what is undefined becomes
 * null, so that every field is always there. For shapes of natsops' own: a map with keys of somebody else's, such as
 * subjects, may have one that ends like a moment.
 */
export type Told<T> = T extends undefined
  ? null
  : T extends readonly (infer Each)[]
    ? readonly Told<Each>[]
    : T extends object
      ? {readonly [Key in keyof T]-?: Key extends 'at' | `${string}At` ? ToldMoment<T[Key]> : Told<T[Key]>}
      : T

type ToldMoment<T> = T extends number ? string : Told<T>

export function tell<T>(value: T): Told<T> {
  return tellUnder('', value) as Told<T>
}

function tellUnder(key: string, value: unknown): unknown {
  if (value === undefined) return null
  if (typeof value === 'number' && /(^at|At)$/.test(key)) return new Date(value).toISOString()
  if (Array.isArray(value)) return value.map((each) => tellUnder('', each))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, tellUnder(name, each)]))
}
