import {NatsopsCommand, ownArguments} from '../../lib/command.ts'
import type {Candidate} from '../../lib/domain/completion.ts'
import {printable} from '../../lib/domain/printable.ts'
import {completeWords, type FromShell} from '../../lib/ops/completion.ts'

export interface CompletionWordsResult {
  readonly candidates: readonly Candidate[] | FromShell
}

/** What the script of `completion` calls at each Tab: one candidate a line, a tab, and what it is. */
export default class CompletionWords extends NatsopsCommand<CompletionWordsResult> {
  static override summary = 'Say what can stand in the place of the last word'
  static override hidden = true
  static override examples = ['<%= config.bin %> <%= command.id %> -- node list --cl']

  async run(): Promise<CompletionWordsResult> {
    // Split by hand: oclif drops a second -- and sorts what follows the first by where the same word first stood.
    const own = [...ownArguments(this.argv)]
    const words = this.argv.slice(own.length + 1)
    await this.parse(CompletionWords, own)
    const candidates = await completeWords(words, this.config.commands, this.configuration)
    if (typeof candidates === 'string') this.log(`:${candidates}`)
    else for (const candidate of candidates) this.log(line(candidate))
    return {candidates}
  }
}

function line({value, description}: Candidate): string {
  return description === undefined ? printable(value) : `${printable(value)}\t${printable(description)}`
}
