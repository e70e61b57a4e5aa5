/**
 * Sums of these fields over all rows, and how many rows there are under `rows`' own name. A field that one row does not
 * know is left out of its sum, as the notes on the source say.
 */
export function totalsOf<Row, Field extends keyof Row & string>(
  noun: string,
  rows: readonly Row[],
  fields: readonly Field[],
): Readonly<Record<string, number>> {
  const sums = fields.map((field) => [field, rows.reduce((sum, row) => sum + (Number(row[field]) || 0), 0)] as const)
  return {[noun]: rows.length, ...Object.fromEntries(sums)}
}
