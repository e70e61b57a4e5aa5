import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import ConfigDiff from '../../src/commands/config/diff.ts'
import {openConfiguration} from '../../src/lib/config.ts'
import type {DriftReport} from '../../src/lib/ops/config-diff.ts'
import {testPorts} from './ports.ts'
import {runCommand} from './run.ts'

export interface LocalPorts {
  readonly client: number
  readonly cluster: number
  readonly monitor: number
  readonly leaf: number
  readonly gateway: number
}

/** A description of nodes `<name>-1` ... on free ports of 127.0.0.1; `gateway` is the port of the first one's gateway. */
export async function localCluster(
  folder: string,
  name: string,
  count: number,
  {auth, rest = '', gateway}: {readonly auth: string; readonly rest?: string; readonly gateway?: number},
): Promise<{readonly text: string; readonly ports: readonly LocalPorts[]}> {
  const free = await testPorts(count * 5)
  const ports = Array.from({length: count}, (_, node): LocalPorts => {
    const [client = 0, cluster = 0, monitor = 0, leaf = 0, own = 0] = free.slice(node * 5)
    return {client, cluster, monitor, leaf, gateway: node === 0 && gateway !== undefined ? gateway : own}
  })
  const nodes = ports.map((each, index) => ({name: `${name}-${index + 1}`, host: '127.0.0.1', ports: each}))
  const text = `name: ${name}
nodes: ${JSON.stringify(nodes)}
listen: {client: 127.0.0.1}
jetStream: {storeDirectory: "${folder}/store/{node}", maxFileStore: 256MiB}
auth: ${auth}
${rest}`
  return {text, ports}
}

/** Their monitoring ports. */
export function monitorsOf(ports: readonly LocalPorts[]): readonly number[] {
  return ports.map(({monitor}) => monitor)
}

/** What config diff finds of each node: differences between its server and the text, or its state where there are none. */
export async function drift(
  folder: string,
  name: string,
  ports: readonly LocalPorts[],
  text: string,
  more: object = {},
) {
  const nodes = ports.map(({client, monitor}, index) => {
    return {name: `${name}-${index + 1}`, host: 'localhost', clientPort: client, monitorPort: monitor}
  })
  writeFileSync(join(folder, 'natsops.json'), JSON.stringify({clusters: {[name]: {nodes, ...more}}}))
  const file = join(folder, `${name}-now.yaml`)
  writeFileSync(file, text)
  const configuration = openConfiguration({variables: {}, home: folder, cwd: folder})
  const argv = ['--cluster', name, '--file', file, '--no-aws', '--json', '--timeout', '60s']
  const {stdout, exitCode} = await runCommand(ConfigDiff, argv, {configuration})
  const report: DriftReport = JSON.parse(stdout)
  const found = report.nodes.map(({state, differences}) => (differences.length > 0 ? differences : state))
  return {exitCode, found}
}
