import {distance} from 'fastest-levenshtein'

/**
 * The known name that a mistyped one most probably meant, or undefined where none is near. Upper and lower case are
 * alike, and the same letters in another order count as one slip. `limit` is the most single-character edits that still
 * count as one; by default one for every three characters typed, at least one.
 */
export function nearestName(
  typed: string,
  known: Iterable<string>,
  limit: number = Math.max(1, Math.floor(typed.length / 3)),
): string | undefined {
  let nearest: string | undefined
  let least = limit + 1
  for (const name of known) {
    const edits = countEdits(typed.toLowerCase(), name.toLowerCase())
    if (edits < least) [nearest, least] = [name, edits]
  }
  return nearest
}

function countEdits(a: string, b: string): number {
  const edits = distance(a, b)
  return edits === 2 && sortLetters(a) === sortLetters(b) ? 1 : edits
}

function sortLetters(text: string): string {
  return [...text].sort().join('')
}
