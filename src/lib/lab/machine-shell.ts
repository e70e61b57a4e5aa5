/**
 * The shell of a lab's instance: it reads a small part of the POSIX shell's language, strictly, and runs nothing but the
 * programs it is given. No expansion, no pipes, no redirection, no background: what it cannot mean, it refuses.
 */

/** One command of a script and how it follows the one before. */
export interface ShellCommand {
  readonly words: readonly string[]
  /** `;` always, `&&` after a success, `||` after a failure. */
  readonly after: ';' | '&&' | '||'
}

export interface ShellResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** A program of the instance; the first word is its name. Rejects with the signal's reason when aborted. */
export type Program = (words: readonly string[], signal: AbortSignal) => Promise<ShellResult>

/** A script that means something this shell does not do. */
class ShellSyntaxError extends Error {
  override readonly name = 'ShellSyntaxError'
}

/**
 * Reads a script: the counterpart of `quoteForShell`.
 * @throws ShellSyntaxError
 */
export function parseScript(script: string): readonly ShellCommand[] {
  const commands: ShellCommand[] = []
  let words: string[] = []
  let after: ShellCommand['after'] = ';'
  let word: string | undefined
  const endWord = () => {
    if (word !== undefined) words.push(word)
    word = undefined
  }
  const endCommand = (next: ShellCommand['after'], token: string) => {
    endWord()
    if (words.length > 0) commands.push({words, after})
    else if (token !== '\n' || after !== ';')
      throw new ShellSyntaxError(`syntax error near unexpected token '${token}'`)
    words = []
    after = next
  }
  let at = 0
  while (at < script.length) {
    const rest = script.slice(at)
    const one = script.charAt(at)
    const operator = /^(&&|\|\||;|\n)/.exec(rest)?.[1]
    if (operator !== undefined) {
      const isContinued = operator === '\n' && after !== ';' && words.length === 0 && word === undefined
      if (!isContinued) endCommand(operator === '&&' || operator === '||' ? operator : ';', operator)
      at += operator.length
    } else if (one === "'" || one === '"') {
      const [text, length] = one === "'" ? readSingle(rest) : readDouble(rest)
      word = (word ?? '') + text
      at += length
    } else if (rest.startsWith('\\\n')) {
      at += 2
    } else if (one === '\\') {
      if (rest.length < 2) throw new ShellSyntaxError('a backslash at the end')
      word = (word ?? '') + rest.charAt(1)
      at += 2
    } else if (/[ \t\r]/.test(one)) {
      endWord()
      at += 1
    } else if (one === '#' && word === undefined) {
      at += /^[^\n]*/.exec(rest)?.[0].length ?? 1
    } else if (/[|&<>()$`*?[\]{}!~]/.test(one)) {
      throw new ShellSyntaxError(`the shell of a lab's instance does not know '${one}'`)
    } else {
      word = (word ?? '') + one
      at += 1
    }
  }
  endWord()
  if (words.length > 0) commands.push({words, after})
  else if (after !== ';') throw new ShellSyntaxError('syntax error: unexpected end of file')
  return commands
}

/** Runs a script as `sh` would: the exit status is the last command's. Rejects only with the signal's reason. */
export async function runScript(
  script: string,
  programs: ReadonlyMap<string, Program>,
  signal: AbortSignal,
): Promise<ShellResult> {
  let commands: readonly ShellCommand[]
  try {
    commands = parseScript(script)
  } catch (error) {
    if (!(error instanceof ShellSyntaxError)) throw error
    return failed(2, `sh: ${error.message}\n`)
  }
  let exitCode = 0
  let stdout = ''
  let stderr = ''
  let stopsAtFailure = false
  for (const [index, {words, after}] of commands.entries()) {
    if (after !== ';' && (exitCode === 0) !== (after === '&&')) continue
    const [name = '', ...options] = words
    if (name === 'exit') return {exitCode: Number(options[0] ?? exitCode) & 255, stdout, stderr}
    if (name === 'set') {
      if (options.some((option) => /^-[a-z]*e/.test(option))) stopsAtFailure = true
      exitCode = 0
      continue
    }
    const program = programs.get(name)
    const result = program ? await program(words, signal) : failed(127, `sh: ${name}: command not found\n`)
    exitCode = result.exitCode
    stdout += result.stdout
    stderr += result.stderr
    const isTested = commands[index + 1] !== undefined && commands[index + 1]?.after !== ';'
    if (stopsAtFailure && exitCode !== 0 && !isTested) break
  }
  return {exitCode, stdout, stderr}
}

export function said(stdout: string, exitCode = 0): ShellResult {
  return {exitCode, stdout, stderr: ''}
}

export function failed(exitCode: number, stderr: string): ShellResult {
  return {exitCode, stdout: '', stderr}
}

/** Everything up to the next quote, and how long that is with its quotes. */
function readSingle(rest: string): readonly [text: string, length: number] {
  const end = rest.indexOf("'", 1)
  if (end < 0) throw new ShellSyntaxError("a ' is not closed")
  return [rest.slice(1, end), end + 1]
}

/** Between double quotes a backslash escapes only what would mean something there. */
function readDouble(rest: string): readonly [text: string, length: number] {
  const found = /^"((?:[^"\\$`]|\\[\s\S])*)(["$`]?)/.exec(rest)
  const [all = '', inner = '', end] = found ?? []
  if (end === '') throw new ShellSyntaxError('a " is not closed')
  if (end !== '"') throw new ShellSyntaxError(`the shell of a lab's instance does not know '${end}'`)
  return [inner.replaceAll(/\\([$`"\\])|\\\n/g, (_, escaped: string | undefined) => escaped ?? ''), all.length]
}
