import type {ServiceFailure} from './failure.ts'

export interface Page<T> {
  readonly items: readonly T[]
  /** Undefined on the last page. */
  readonly nextToken: string | undefined
}

export interface PageRequest<T> {
  /** What is paged, e.g. the action: a token of another list is refused. */
  readonly list: string
  /** What tells an item from every other in the list. */
  readonly keyOf: (item: T) => string
  readonly size: number
  readonly token: string | undefined
  readonly refuse: () => ServiceFailure
}

/** One page of a list, after the item an opaque token names; from its place on, where that item is gone meanwhile. */
export function pageOf<T>(items: readonly T[], {list, keyOf, size, token, refuse}: PageRequest<T>): Page<T> {
  const mark = token === undefined ? undefined : readToken(token)
  if (token !== undefined && mark?.list !== list) throw refuse()
  const found = mark ? items.findIndex((item) => keyOf(item) === mark.key) : -1
  const start = found < 0 ? (mark?.place ?? 0) : found + 1
  const shown = items.slice(start, start + size)
  const last = shown.at(-1)
  const place = start + shown.length - 1
  const isMore = last !== undefined && place + 1 < items.length
  return {items: shown, nextToken: isMore ? toToken({list, key: keyOf(last), place}) : undefined}
}

/** The last item of the page before. */
interface Mark {
  readonly list: string
  readonly key: string
  readonly place: number
}

function toToken({list, key, place}: Mark): string {
  return Buffer.from(JSON.stringify([list, key, place])).toString('base64url')
}

function readToken(token: string): Mark | undefined {
  try {
    const [list, key, place]: unknown[] = JSON.parse(Buffer.from(token, 'base64url').toString())
    const isWhole = typeof list === 'string' && typeof key === 'string' && Number.isSafeInteger(place)
    return isWhole ? {list, key, place: Number(place)} : undefined
  } catch {
    return undefined
  }
}
