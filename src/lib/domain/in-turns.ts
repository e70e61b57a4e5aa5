/** As Promise.all over `map`, with at most `width` under way; results in the order of the items. */
export async function inTurns<From, To>(
  items: readonly From[],
  width: number,
  map: (item: From) => Promise<To>,
): Promise<readonly To[]> {
  const results: To[] = []
  const entries = items.entries()
  const work = async (): Promise<void> => {
    for (const [index, item] of entries) results[index] = await map(item)
  }
  await Promise.all(Array.from({length: width}, work))
  return results
}
