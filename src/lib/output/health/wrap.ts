import {displayWidth} from '../table.ts'

/**
 * A text as lines of at most `width` columns, broken at blanks; the first line begins with `lead`, the others with
 * blanks of the same width. A word that is wider than a line stands alone and whole: it may be a command or a path.
 * Lead and text are printable already.
 */
export function wrapText(lead: string, text: string, width: number): readonly string[] {
  const room = width - displayWidth(lead)
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && displayWidth(line) + 1 + displayWidth(word) > room) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  const margin = ' '.repeat(displayWidth(lead))
  return [...lines, line].map((each, index) => (index === 0 ? lead : margin) + each)
}

/** A step that is a command, or words about one and a colon before it. */
const COMMAND = /^(.*?: )?((?:natsops|nats|aws) .*)$/

/**
 * As wrapText, for something to do: broken between steps (`; `) before it is broken within one, and a command never, so
 * that it can be copied: one that is wider than a line stands alone and whole, for the terminal to break.
 */
export function wrapSteps(lead: string, text: string, width: number): readonly string[] {
  const room = width - displayWidth(lead)
  const lines: string[] = []
  for (const step of text.split(/(?<=;) /)) {
    const joined = lines.length > 0 ? `${lines.at(-1)} ${step}` : step
    if (lines.length > 0 && displayWidth(joined) <= room) lines[lines.length - 1] = joined
    else lines.push(step)
  }
  const margin = ' '.repeat(displayWidth(lead))
  return lines.flatMap((line, index) => {
    const own = index === 0 ? lead : margin
    const [, words, command] = (displayWidth(line) > room && COMMAND.exec(line)) || []
    if (command === undefined) return wrapText(own, line, width)
    return words === undefined ? [own + command] : [...wrapText(own, words.trimEnd(), width), margin + command]
  })
}
