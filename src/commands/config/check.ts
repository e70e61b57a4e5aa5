import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {NatsopsCommand} from '../../lib/command.ts'
import {Exit, UsageError} from '../../lib/errors.ts'
import {type ConfigCheck, checkConfigurations} from '../../lib/ops/config-check.ts'
import {renderConfigCheck} from '../../lib/output/config-check.ts'

const EXITS: Readonly<Record<ConfigCheck['verdict'], number>> = {
  ok: 0,
  degraded: Exit.healthDegraded,
  critical: Exit.healthCritical,
}

export default class ConfigCheckCommand extends NatsopsCommand<ConfigCheck> {
  static override summary = 'Check server configuration for what is wrong and what operators regret'
  static override description =
    `Files of one cluster are checked together: give all of them. docs/config-check.md explains every rule.

Exit status: 0 ok, 20 warnings, 21 critical or refused by the server, 2 a file that cannot be read or parsed.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> /etc/nats/nats-server.conf',
    '<%= config.bin %> <%= command.id %> node-1.conf node-2.conf node-3.conf --stop-timeout 150s',
    '<%= config.bin %> <%= command.id %> nats.conf --ignore monitor-exposed --json',
  ]
  static override strict = false
  static override args = {
    file: Args.string({required: true, description: 'configuration file of a server; one or more'}),
  }
  static override flags = {
    ignore: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      summary: 'leave this rule out; may be given again',
      helpValue: 'RULE',
    }),
    'include-root': Flags.string({
      summary: 'folder that includes may come from (default: that of the file)',
      helpValue: 'DIR',
    }),
    'nats-server': Flags.string({
      summary: 'server to ask (default: NATSOPS_NATS_SERVER, PATH, the cache)',
      helpValue: 'PATH',
    }),
    server: Flags.boolean({allowNo: true, default: true, summary: 'ask nats-server too'}),
    'stop-timeout': Flags.string({
      summary: 'TimeoutStopSec or termination grace period of the server, e.g. 150s',
      helpValue: 'DURATION',
    }),
  }

  async run(): Promise<ConfigCheck> {
    const {argv, flags} = await this.parse(ConfigCheckCommand)
    const files = argv.map(String)
    const repeated = files.find((file, index) => files.indexOf(file) !== index)
    if (repeated !== undefined) throw new UsageError(`${repeated} is given twice`)
    const timeout = flags['stop-timeout']
    const check = await checkConfigurations(this.localContext(), {
      files,
      includeRoot: flags['include-root'],
      serverPath: flags['nats-server'],
      askServer: flags.server,
      stopSeconds: timeout === undefined ? undefined : this.configuration.duration('--stop-timeout', timeout) / 1000,
      ignored: flags.ignore ?? [],
    })
    this.log(renderConfigCheck(check, this.terminal))
    for (const warning of check.warnings) this.terminal.say(`warning: ${warning}`)
    process.exitCode = EXITS[check.verdict]
    return check
  }
}
