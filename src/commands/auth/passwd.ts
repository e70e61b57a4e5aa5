import {Flags} from '@oclif/core'
import {NatsopsCommand} from '../../lib/command.ts'
import {UsageError} from '../../lib/errors.ts'
import {BCRYPT_COSTS, hashGenerated, hashGiven, type PasswordReport} from '../../lib/ops/auth-passwd.ts'
import {askSecret, readPipedSecret} from '../../lib/output/secret-prompt.ts'

export default class AuthPasswd extends NatsopsCommand<PasswordReport> {
  static override summary = 'Make the bcrypt hash of a password, for servers without an operator'
  static override description =
    `Asks for the password twice and shows nothing of it, or reads it from standard input where that is no terminal; never
from the command line, which every process of the machine can read. The hash goes to standard output: it belongs into
auth.users or auth.token of a description. --generate makes a password of 192 bits, writes it to a file that only you
can read, or without --out shows it once, on standard error.`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --generate --out app.password',
    '<%= config.bin %> <%= command.id %> < app.password',
  ]
  static override flags = {
    generate: Flags.boolean({char: 'g', summary: 'make a password'}),
    out: Flags.string({
      char: 'o',
      summary: 'file for the generated password, mode 0600',
      helpValue: 'FILE',
      dependsOn: ['generate'],
    }),
    cost: Flags.integer({
      default: BCRYPT_COSTS.least,
      min: BCRYPT_COSTS.least,
      max: BCRYPT_COSTS.largest,
      summary: 'work of one guess, and of one login: each step doubles it',
    }),
    force: Flags.boolean({summary: 'write over the file', dependsOn: ['out']}),
  }

  async run(): Promise<PasswordReport> {
    const {flags} = await this.parse(AuthPasswd)
    const report = flags.generate ? await this.#generate(flags) : await hashGiven(await this.#read(), flags)
    this.log(report.hash)
    return report
  }

  #generate({cost, out, force}: {cost: number; out?: string | undefined; force: boolean}): Promise<PasswordReport> {
    if (out === undefined && this.jsonEnabled()) {
      throw new UsageError('a generated password is never part of --json: name a file for it with --out', [
        'natsops auth passwd --generate --out app.password --json',
      ])
    }
    return hashGenerated({cost, out, force}, (password) => {
      this.terminal.say(`password, shown this once: ${password}`)
    })
  }

  async #read(): Promise<string> {
    if (!this.terminal.interactive) return readPipedSecret()
    const password = await askSecret('Password: ')
    if ((await askSecret('Again: ')) !== password) throw new UsageError('the two passwords differ: nothing was hashed')
    return password
  }
}
