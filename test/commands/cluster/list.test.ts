import assert from 'node:assert/strict'
import {join} from 'node:path'
import ClusterList from '../../../src/commands/cluster/list.ts'
import {openConfiguration} from '../../../src/lib/config.ts'
import {temporaryFolder} from '../../support/folder.ts'
import {runCommand} from '../../support/run.ts'

const files = {
  'natsops.yaml': 'clusters: {nats-prod: {region: us-east-2, nodes: 5}, nats-staging: }',
  '.local/state/natsops/labs/lab/cluster.json': JSON.stringify({
    region: 'us-east-1',
    nodes: [{name: 'lab-node-1', host: '127.0.0.1'}],
  }),
}
const open = (home: string, variables = {}) =>
  openConfiguration({variables, home, cwd: home, temporary: home, uid: process.getuid?.() ?? 0})

describe('cluster list', () => {
  it('prints one record a line in a pipe', async () => {
    using folder = temporaryFolder(files)
    const {stdout, stderr, exitCode} = await runCommand(ClusterList, [], {configuration: open(folder.path)})
    const file = join(folder.path, 'natsops.yaml')
    const lab = join(folder.path, '.local/state/natsops/labs/lab/cluster.json')
    assert.equal(
      stdout,
      `lab\tus-east-1\t1\tlab\t${lab}\nnats-prod\tus-east-2\t5\tproject file\t${file}\nnats-staging\t-\t-\tproject file\t${file}\n`,
    )
    assert.deepEqual([stderr, exitCode], ['', 0])
  })

  it('fits the terminal', async () => {
    using folder = temporaryFolder(files)
    const configuration = open(folder.path, {NO_COLOR: '1'})
    const {stdout} = await runCommand(ClusterList, [], {configuration}, {columns: 60})
    const lines = stdout.trimEnd().split('\n')
    assert.equal(lines[0]?.trimEnd(), 'NAME          REGION     NODES  SOURCE        WHERE')
    assert.equal(lines.length, 4)
    for (const line of lines) assert.ok(line.length <= 60, line)
  })

  it('is one JSON document', async () => {
    using folder = temporaryFolder(files)
    const {stdout} = await runCommand(ClusterList, ['--json'], {configuration: open(folder.path)})
    const {clusters} = JSON.parse(stdout)
    assert.deepEqual(clusters[2], {
      cluster: 'nats-staging',
      region: null,
      nodes: null,
      source: {layer: 'project file', detail: join(folder.path, 'natsops.yaml')},
    })
    assert.deepEqual(
      clusters.map(({cluster}: {cluster: string}) => cluster),
      ['lab', 'nats-prod', 'nats-staging'],
    )
  })

  it('says so when there is nothing to list, on stderr', async () => {
    const {stdout, stderr, exitCode} = await runCommand(ClusterList, [])
    assert.deepEqual([stdout, exitCode], ['', 0])
    assert.match(stderr, /^no cluster is configured and no lab is running: .*\n$/)
    assert.deepEqual(JSON.parse((await runCommand(ClusterList, ['--json'])).stdout), {clusters: []})
  })

  it('fails with the file and the line when a file is wrong', async () => {
    using folder = temporaryFolder({'natsops.yaml': 'clusters:\n  c: {nods: 3}\n'})
    const configuration = open(folder.path)
    const {stderr, exitCode} = await runCommand(ClusterList, [], {configuration})
    const message = `${folder.path}/natsops.yaml:2: clusters.c.nods is unknown, did you mean nodes`
    assert.deepEqual([stderr, exitCode], [`error: ${message}\n`, 2])
    const json = await runCommand(ClusterList, ['--json'], {configuration})
    assert.deepEqual(JSON.parse(json.stdout), {error: {code: 'USAGE', message, exit: 2, suggestions: []}})
    assert.deepEqual([json.stderr, json.exitCode], ['', 2])
  })
})
