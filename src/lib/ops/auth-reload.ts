import {PRELOAD_FILE} from '../author/node-config.ts'
import {quoteForShell} from '../domain/shell.ts'
import type {DescribedCluster} from './auth-folder.ts'

/**
 * How servers with the MEMORY resolver get to know a changed account: they read their preload at the start and when they
 * are told to reload, each for itself. Until the last one has, whoever is revoked can still log in somewhere.
 */
export interface ReloadPlan {
  /** The changed file, absolute path. */
  readonly preload: string
  /** Once, before the nodes. */
  readonly prepare: readonly string[]
  /** One node after the other. */
  readonly nodes: readonly ReloadStep[]
  /** Once, after the nodes. */
  readonly verify: readonly string[]
}

export interface ReloadStep {
  readonly node: string
  readonly host: string
  /** Path on the node that the changed file goes to. */
  readonly place: string
  /** Once the file is there: check what would be read, have it read, see that it was. */
  readonly commands: readonly string[]
}

/** New instances come first: one that is replaced in between starts from what they are given. */
export function planReload(
  {name: cluster, nodes, deploy}: DescribedCluster,
  {file, preload}: {readonly file: string; readonly preload: string},
): ReloadPlan {
  const {configDirectory, binary} = deploy
  const run = (node: string, command: readonly string[]): string =>
    quoteForShell(['natsops', 'node', 'run', node, '--cluster', cluster, '--', ...command])
  return {
    preload,
    prepare: [quoteForShell(['natsops', 'config', 'generate', '--file', file, '--out', 'deploy'])],
    nodes: nodes.map(({name, host}) => ({
      node: name,
      host,
      place: `${configDirectory}/${PRELOAD_FILE}`,
      commands: [
        run(name, [binary, '-t', '-c', `${configDirectory}/nats-server.conf`]),
        run(name, [binary, '--signal', 'reload']),
        quoteForShell(['natsops', 'monitor', 'varz', '--cluster', cluster, '--node', name]),
      ],
    })),
    verify: [quoteForShell(['natsops', 'config', 'diff', '--cluster', cluster, '--file', file])],
  }
}
