import {NatsopsCommand} from '../../lib/command.ts'
import {type ClusterSummary, summarizeCluster} from '../../lib/ops/clusters.ts'
import {type Column, renderTable} from '../../lib/output/table.ts'

export interface ClusterListResult {
  readonly clusters: readonly ClusterSummary[]
}

export default class ClusterList extends NatsopsCommand<ClusterListResult> {
  static override summary = 'List the clusters that configuration files and running labs name'
  static override description =
    'Any other name works too: without configuration a cluster goes by the conventional names, see "cluster show NAME".'
  static override hiddenAliases = ['cluster:ls']
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json']

  async run(): Promise<ClusterListResult> {
    await this.parse(ClusterList)
    const clusters = (await this.configuration.clusters()).map(summarizeCluster)
    if (clusters.length === 0) {
      this.terminal.say('no cluster is configured and no lab is running: --cluster NAME works without, by convention')
    } else {
      this.log(renderTable(columns, clusters, this.terminal))
    }
    return {clusters}
  }
}

const columns: readonly Column<ClusterSummary>[] = [
  {header: 'NAME', value: ({cluster}) => cluster, whole: true},
  {header: 'REGION', value: ({region}) => region ?? '-'},
  {header: 'NODES', value: ({nodes}) => String(nodes ?? '-'), align: 'right'},
  {header: 'SOURCE', value: ({source}) => source.layer},
  {header: 'WHERE', value: ({source}) => source.detail},
]
