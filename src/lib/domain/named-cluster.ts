import {quoteForShell} from './shell.ts'

/** A quoted word of a shell. */
const QUOTED = /(?<=^|\s)'[^']*'(?:\\''[^']*')*/g
/** One of those, which stays as it is; or up to three bare words after the program, more than a name has where prose goes on. */
const COMMAND = new RegExp(`${QUOTED.source}|\\bnatsops((?: [a-z][a-z-]*){1,3})`, 'g')
/** Where a command in a text is over, or another program's words begin. */
const END = /;|&&|\s--(?=\s)|\bnatsops\b/
const SETTLED = /\s(?:--cluster|-c|--help)\b/

/**
 * Text for people with commands of natsops in it, each of which then names `cluster`, so that it acts on that one
 * wherever it is pasted. `takesCluster` tells of the words of a command, `node status`, whether it has that flag;
 * commands without it, and those that name a cluster already, stay as they are.
 */
export function nameCluster(text: string, cluster: string, takesCluster: (words: string) => boolean): string {
  const flag = ` --cluster ${quoteForShell([cluster])}`
  return text.replace(COMMAND, (match: string, following: string | undefined, at: number) => {
    if (following === undefined) return match
    const words = following.trim().split(' ')
    const length = [3, 2, 1].find((count) => count <= words.length && takesCluster(words.slice(0, count).join(' ')))
    // What ends a command ends none within a quoted word.
    const own =
      text
        .slice(at + 'natsops'.length)
        .replaceAll(QUOTED, "''")
        .split(END, 1)[0] ?? ''
    if (length === undefined || SETTLED.test(own)) return match
    return `${['natsops', ...words.slice(0, length)].join(' ')}${flag}${words
      .slice(length)
      .map((word) => ` ${word}`)
      .join('')}`
  })
}
