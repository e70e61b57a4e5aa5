/** These fields of each row, in this order, to be compared as a whole: `rows.map(fields('stream', 'messages'))`. */
export function fields(...names: readonly string[]): (row: object) => readonly unknown[] {
  return (row) => names.map((name) => Reflect.get(row, name))
}
