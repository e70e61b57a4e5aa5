import {Flags} from '@oclif/core'
import {type ClusterContext, clusterFlags, NatsopsCommand} from './command.ts'
import {Exit, InterruptedError, OpsError} from './errors.ts'
import {type DescribedCluster, readOperatorDescription} from './ops/auth-folder.ts'
import {STORES} from './ops/auth-users.ts'
import type {Standing} from './ops/node-run.ts'

const {cluster: _cluster, ...awsFlags} = clusterFlags

/** Flags of every command about the accounts and users of a described cluster: the description says which cluster. */
export const authFlags = {
  file: Flags.string({char: 'f', default: 'cluster.yaml', summary: 'description of the cluster', helpValue: 'FILE'}),
  keys: Flags.string({
    char: 'k',
    summary: 'folder of the signing keys (default: keys beside auth.preload)',
    helpValue: 'DIR',
  }),
}

/** Flags of those that deal with users' credentials. */
export const storeFlags = {
  ...awsFlags,
  store: Flags.option({
    options: STORES,
    default: 'ssm' as const,
    summary: "where users' credentials are: SSM, or files in creds beside auth.preload",
  })(),
}

interface StoreFlags {
  readonly file: string
  readonly region?: string | undefined
  readonly profile?: string | undefined
  readonly timeout: string
}

/** What the commands of `natsops auth` share that are about a described cluster. */
export abstract class AuthCommand<Result> extends NatsopsCommand<Result> {
  protected async openDescribed(
    flags: StoreFlags,
  ): Promise<{readonly description: DescribedCluster; readonly ctx: ClusterContext}> {
    const description = await readOperatorDescription(flags.file)
    return {description, ctx: await this.clusterContext({...flags, cluster: description.name})}
  }

  /** Shows where it would be; what stays on this machine needs no agreement. */
  protected async agree(
    action: string,
    {cluster, aws}: {readonly cluster: string; readonly aws: Standing | null},
    given: string | undefined,
  ): Promise<void> {
    if (!aws) return
    this.showStanding(cluster, aws)
    await this.confirm(action, cluster, given)
  }

  protected showStanding(cluster: string, aws: Standing | null): void {
    if (aws) this.terminal.say(`cluster ${cluster} in ${aws.region}, account ${aws.account} as ${aws.caller}`)
  }

  /** Ends the work with a word on how to go on, where it was ended by a signal or by what it met. */
  protected async goOn<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      const again = `run the same command again: it goes on where this one ended`
      if (error instanceof InterruptedError) {
        this.terminal.say(again)
        throw error
      }
      if (!(error instanceof OpsError) || error.exit === Exit.bug) throw error
      const {lines, code, exit, suggestions} = error
      throw new OpsError(lines, {code, exit, suggestions: [...suggestions, again], cause: error})
    }
  }
}
