import {AuthCommand, authFlags, storeFlags} from '../../../lib/auth-command.ts'
import {listUsers, type UserList} from '../../../lib/ops/auth-list.ts'
import {orInterrupted} from '../../../lib/ops/interruption.ts'
import {renderUsers} from '../../../lib/output/auth.ts'

export default class AuthUserList extends AuthCommand<UserList> {
  static override summary = 'List the users of a described cluster and the keys they were given'
  static override description =
    `Holds the credentials that are stored against the description and the preload. A replaced key works until it is revoked;
a missing user has no credentials yet, a wrong one has some that do not fit.`
  static override aliases = ['auth:user:ls']
  static override examples = [
    '<%= config.bin %> <%= command.id %> --file cluster.yaml',
    '<%= config.bin %> <%= command.id %> --store files --json',
  ]
  static override flags = {...authFlags, ...storeFlags}

  async run(): Promise<UserList> {
    const {flags} = await this.parse(AuthUserList)
    const {description, ctx} = await this.openDescribed(flags)
    const list = await orInterrupted(ctx.signal, listUsers(ctx, description, flags))
    this.log(renderUsers(list.users, ctx.clock.now(), this.terminal))
    return list
  }
}
