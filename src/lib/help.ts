import type {Command, Config, Interfaces} from '@oclif/core'
import {CommandHelp, getHelpFlagAdditions, Help, normalizeArgv} from '@oclif/core/help'

/** Longer lines are hard to read, however wide the terminal is. */
const WIDEST = 80

class NatsopsCommandHelp extends CommandHelp {
  /**
   * Without the summary, which stands above already; lines flow to the width of the terminal, but for the rows of a
   * list: `stop  ends the server`.
   */
  protected override description(): string | undefined {
    const {description} = this.command
    return description && this.wrap(description.replace(/(?<!\n)\n(?!\n|\S+ {2})/g, ' '))
  }

  protected override flags(flags: Command.Flag.Any[]): [string, string | undefined][] | undefined {
    return super.flags(
      flags.map((flag) => (flag.name === 'json' ? {...flag, summary: 'print one JSON document'} : flag)),
    )
  }
}

/** oclif's help, saying nothing twice, in one voice with the rest of natsops. */
export default class NatsopsHelp extends Help {
  protected override CommandHelpClass = NatsopsCommandHelp

  constructor(config: Config, options: Partial<Interfaces.HelpOptions> = {}) {
    super(config, options)
    this.opts.maxWidth = Math.min(WIDEST, this.opts.maxWidth)
  }

  /** And where the pages are that the help of commands names. */
  protected override async showRootHelp(): Promise<void> {
    await super.showRootHelp()
    const where = 'Pages such as docs/roll.md are where natsops is installed:\n$(npm root -g)/natsops/docs'
    this.log(`${this.section('DOCUMENTATION', where)}\n`)
  }

  /** Help about what is no command is answered like the command itself. */
  override async showHelp(argv: string[]): Promise<void> {
    const helpFlags = getHelpFlagAdditions(this.config)
    const [id = '', ...rest] = normalizeArgv(
      this.config,
      argv.filter((word) => !helpFlags.includes(word)),
    )
    const isKnown = id === '' || id.startsWith('-') || this.config.findCommand(id) || this.config.findTopic(id)
    if (isKnown) await super.showHelp(argv)
    else await this.config.runHook('command_not_found', {id, argv: rest})
  }
}
