import * as Args from '@oclif/core/args'
import {NatsopsCommand} from '../../lib/command.ts'
import {completionScript, type Shell} from '../../lib/ops/completion.ts'

export interface CompletionResult {
  readonly shell: Shell
  readonly script: string
}

export default class CompletionCommand extends NatsopsCommand<CompletionResult> {
  static override summary = 'Print what makes a shell complete natsops'
  static override description = `Commands, flags and their values, and the names of clusters, nodes and labs: from the
configuration of this machine, without asking anybody.

To have it in every new shell, add one line:
bash  eval "$(natsops completion bash)" in ~/.bashrc
zsh  eval "$(natsops completion zsh)" in ~/.zshrc, after compinit
fish  natsops completion fish | source, in ~/.config/fish/config.fish`
  static override examples = [
    '<%= config.bin %> <%= command.id %> bash',
    '<%= config.bin %> <%= command.id %> zsh > "$fpath[1]/_natsops"',
  ]
  static override args = {
    shell: Args.string({required: true, options: ['bash', 'zsh', 'fish'], description: 'which shell'}),
  }

  async run(): Promise<CompletionResult> {
    const {args} = await this.parse(CompletionCommand)
    const shell = args.shell as Shell
    const script = completionScript(shell)
    this.log(script.trimEnd())
    return {shell, script}
  }
}
