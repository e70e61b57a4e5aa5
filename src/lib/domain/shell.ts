/**
 * Words as one line that a POSIX shell reads back as exactly these words: the only quoting in natsops, for what Run
 * Command is given, for generated scripts and for commands that are shown to be pasted. Control characters survive a shell but not a paste: show the line through `printable`.
 */
export function quoteForShell(words: readonly string[]): string {
  return words.map(quoteWord).join(' ')
}

function quoteWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word) && !/^\w+=/.test(word)) return word
  return `'${word.replaceAll("'", `'\\''`)}'`
}
