import {StringDecoder} from 'node:string_decoder'
import {printable} from '../domain/printable.ts'
import {Exit, InterruptedError, OpsError, UsageError} from '../errors.ts'

type Streams = Pick<NodeJS.Process, 'stdin' | 'stderr'>

/** Nobody's password; a file that was redirected by mistake is not read to its end. */
const LARGEST_BYTES = 4096

/**
 * Asks on stderr and reads one line from the terminal, of which nothing is shown. Backspace and Ctrl-U work. Rejects with
 * an InterruptedError at Ctrl-C (a terminal that is read letter by letter sends no signal), with NO_ANSWER (exit 11) at
 * Ctrl-D and where the terminal is gone.
 */
export async function askSecret(question: string, {stdin, stderr}: Streams = process): Promise<string> {
  const decoder = new StringDecoder('utf8')
  let onData: (chunk: Buffer) => void = () => {}
  // Before the question: whoever answers it at once must not see the answer.
  stdin.setRawMode(true)
  stderr.write(printable(question))
  try {
    return await new Promise<string>((resolve, reject) => {
      let typed: readonly string[] = []
      const refuse = (): void => reject(unanswered())
      const take = (character: string): void => {
        if (character === '\r' || character === '\n') resolve(typed.join(''))
        else if (character === '\u0003') reject(new InterruptedError('SIGINT'))
        else if (character === '\u0004') refuse()
        else if (character === '\u007f' || character === '\b') typed = typed.slice(0, -1)
        else if (character === '\u0015') typed = []
        else typed = [...typed, character]
      }
      onData = (chunk) => {
        for (const character of decoder.write(chunk)) take(character)
      }
      stdin.on('data', onData).once('end', refuse).once('error', refuse)
      stdin.resume()
    })
  } finally {
    stdin.off('data', onData)
    stdin.setRawMode(false)
    stdin.pause()
    stderr.write('\n')
  }
}

/**
 * All of stdin, without the newline at its end. UsageError where it is more than any secret, or a terminal: that would
 * show what is typed.
 */
export async function readPipedSecret({stdin}: Pick<Streams, 'stdin'> = process): Promise<string> {
  if (stdin.isTTY) {
    throw new UsageError('standard error is no terminal to ask on: what is typed here would be seen', [
      'leave standard error on the terminal, or give the password on standard input from a file',
    ])
  }
  const chunks: Buffer[] = []
  let total = 0
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk as Uint8Array)
    chunks.push(bytes)
    total += bytes.length
    if (total > LARGEST_BYTES) throw new UsageError(`standard input has more than ${LARGEST_BYTES} bytes: no password`)
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}

function unanswered(): OpsError {
  return new OpsError('the question was not answered', {code: 'NO_ANSWER', exit: Exit.declined})
}
