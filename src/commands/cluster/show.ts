import * as Args from '@oclif/core/args'
import {clusterFlags, NatsopsCommand} from '../../lib/command.ts'
import {UsageError} from '../../lib/errors.ts'
import {type ClusterDescription, type DescribedNode, describeCluster} from '../../lib/ops/clusters.ts'
import {type ListingColumn, renderListing} from '../../lib/output/listing.ts'
import {type Column, renderTable} from '../../lib/output/table.ts'

export default class ClusterShow extends NatsopsCommand<ClusterDescription> {
  static override summary = 'Show every value natsops would use for a cluster, and where each comes from'
  static override description = 'Nothing is asked of AWS or of the cluster itself.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> nats-prod',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --json',
  ]

  static override args = {name: Args.string({description: 'name of the cluster, the same as --cluster'})}
  static override flags = {
    cluster: clusterFlags.cluster,
    region: clusterFlags.region,
    profile: clusterFlags.profile,
  }

  async run(): Promise<ClusterDescription> {
    const {args, flags} = await this.parse(ClusterShow)
    if (args.name !== undefined && flags.cluster !== undefined && args.name !== flags.cluster) {
      throw new UsageError(`two clusters are named: ${args.name} and --cluster ${flags.cluster}`, [
        'leave one of them out',
      ])
    }
    const resolved = await this.configuration.cluster({...flags, cluster: args.name ?? flags.cluster})
    const description = describeCluster(resolved)
    this.log(renderTable(columns, rowsOf(description), this.terminal))
    // In a pipe every line is a value: the nodes have other columns, and --json.
    if (this.terminal.decorated) this.log(`\n${renderListing(nodeColumns, description.nodes, this.terminal, 0)}`)
    return description
  }
}

interface Row {
  readonly key: string
  readonly value: string
  readonly source: string
}

/** Nothing is cut: the end of a path is what tells one file from another. */
const columns: readonly Column<Row>[] = [
  {header: 'KEY', value: ({key}) => key, whole: true},
  {header: 'VALUE', value: ({value}) => value, whole: true},
  {header: 'SOURCE', value: ({source}) => source, whole: true},
]

function rowsOf({values}: ClusterDescription): readonly Row[] {
  return Object.entries(values).map(([key, {value, layer, detail}]) => ({
    key,
    value: String(value ?? '-'),
    source: detail === 'default' ? layer : `${layer}: ${detail}`,
  }))
}

const nodeColumns: readonly ListingColumn<DescribedNode>[] = [
  {key: 'node', header: 'NODE', kind: 'text', value: ({node}) => node, whole: true},
  {key: 'host', header: 'HOST', kind: 'text', value: ({host}) => host, whole: true},
  {key: 'clientPort', header: 'CLIENT', kind: 'count', value: ({clientPort}) => String(clientPort), rank: 2},
  {key: 'monitorPort', header: 'MONITOR', kind: 'count', value: ({monitorPort}) => String(monitorPort), rank: 1},
  {key: 'asg', header: 'GROUP', kind: 'text', value: ({asg}) => asg, whole: true},
]
