/** Pieces of at most `size`, in order. */
export function chunksOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({length: Math.ceil(items.length / size)}, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
}

/** For messages: the first few, and how many more. */
export function nameSome(names: readonly string[]): string {
  const shown = names.slice(0, 2)
  const more = names.length - shown.length
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** A part that AWS always sends. Its absence must not pass for an empty list: an empty body decodes to nothing. */
export function required<T>(part: T | undefined, name: string): T {
  if (part !== undefined) return part
  throw new IncompleteAnswerError(name)
}

export class IncompleteAnswerError extends Error {
  override readonly name = 'IncompleteAnswerError'

  constructor(part: string) {
    super(`the answer has no ${part}`)
  }
}

/** All items of all pages, in order. `itemsOf` rejects a page without its list. */
export async function collect<Page, T>(
  pages: AsyncIterable<Page>,
  itemsOf: (page: Page) => readonly T[],
): Promise<T[]> {
  const items: T[] = []
  for await (const page of pages) items.push(...itemsOf(page))
  return items
}

/** Milliseconds since the epoch. */
export function timeOf(date: Date | undefined): number | undefined {
  return date?.getTime()
}
