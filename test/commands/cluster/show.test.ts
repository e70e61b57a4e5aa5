import assert from 'node:assert/strict'
import {join} from 'node:path'
import ClusterShow from '../../../src/commands/cluster/show.ts'
import {openConfiguration} from '../../../src/lib/config.ts'
import {temporaryFolder} from '../../support/folder.ts'
import {emptyConfiguration, runCommand} from '../../support/run.ts'

describe('cluster show', () => {
  it("prints the runbook's names with their sources for a name that nothing is configured for", async () => {
    const {stdout, stderr, exitCode} = await runCommand(ClusterShow, ['nats-prod'])
    assert.deepEqual([stderr, exitCode], ['', 0])
    const lines = stdout.trimEnd().split('\n')
    assert.deepEqual(lines.slice(0, 9), [
      'name\tnats-prod\tflag: --cluster',
      'region\t-\taws profile: else us-east-2 by convention',
      'profile\t-\tconvention: the credential chain of AWS',
      'credentialsFile\t-\tconvention',
      'ssmPrefix\t/nats-cluster/nats-prod\tconvention',
      'patterns.node\t{cluster}-node-{n}\tconvention',
      'patterns.host\t{node}.{cluster}.internal\tconvention',
      'patterns.asg\t{node}-asg\tconvention',
      'patterns.instanceName\t{node}\tconvention',
    ])
    assert.deepEqual(lines.slice(-2), [
      'settle\t120\tconvention',
      'nodes\t-\tconvention: discovered in AWS, else three',
    ])
  })

  it('shows the expanded nodes below on a terminal', async () => {
    const configuration = emptyConfiguration({NO_COLOR: '1'})
    const {stdout} = await runCommand(ClusterShow, ['-c', 'nats-prod'], {configuration}, {columns: 120})
    assert.deepEqual(stdout.split('\n').slice(-5), [
      'NODE              HOST                                 CLIENT  MONITOR  GROUP',
      ...[1, 2, 3].map(
        (n) => `nats-prod-node-${n}  nats-prod-node-${n}.nats-prod.internal    4222     8222  nats-prod-node-${n}-asg`,
      ),
      '',
    ])
  })

  it('shows hosts and groups whole on a narrow terminal, and leaves the ports out', async () => {
    for (const columns of [60, 80]) {
      const configuration = emptyConfiguration({NO_COLOR: '1'})
      const {stdout} = await runCommand(ClusterShow, ['-c', 'nats-prod'], {configuration}, {columns})
      assert.deepEqual(
        stdout.split('\n').slice(-4, -1),
        [1, 2, 3].map((n) => `nats-prod-node-${n}  nats-prod-node-${n}.nats-prod.internal  nats-prod-node-${n}-asg`),
      )
    }
  })

  it('tells which flag, variable and line of thought each value came from, in one JSON document', async () => {
    using folder = temporaryFolder({
      'natsops.yaml': 'defaults: {settle: 2m}\nclusters: {c: {nodes: [{name: a, host: 10.0.0.1}], tls: {ca: ca.pem}}}',
    })
    const home = folder.path
    const uid = process.getuid?.() ?? 0
    const configuration = openConfiguration({
      variables: {AWS_PROFILE: 'ops', AWS_ENDPOINT_URL: 'http://127.0.0.1:4566'},
      home,
      cwd: home,
      temporary: home,
      uid,
    })
    const argv = ['--json', '--region', 'eu-west-1']
    const {stdout} = await runCommand(ClusterShow, argv, {configuration})
    const {cluster, values, nodes} = JSON.parse(stdout)
    const file = join(home, 'natsops.yaml')
    assert.equal(cluster, 'c')
    assert.deepEqual(
      Object.fromEntries(
        ['name', 'region', 'profile', 'endpoints.all', 'tls.ca', 'settle', 'nodes', 'ports.client'].map((key) => [
          key,
          values[key],
        ]),
      ),
      {
        name: {value: 'c', layer: 'project file', detail: `${file}, the only cluster known`},
        region: {value: 'eu-west-1', layer: 'flag', detail: '--region'},
        profile: {value: 'ops', layer: 'environment', detail: 'AWS_PROFILE'},
        'endpoints.all': {value: 'http://127.0.0.1:4566', layer: 'environment', detail: 'AWS_ENDPOINT_URL'},
        'tls.ca': {value: join(home, 'ca.pem'), layer: 'project file', detail: `${file} clusters.c.tls.ca`},
        settle: {value: 120, layer: 'project file', detail: `${file} defaults.settle`},
        nodes: {value: 1, layer: 'project file', detail: `${file} clusters.c.nodes`},
        'ports.client': {value: 4222, layer: 'convention', detail: 'default'},
      },
    )
    assert.deepEqual(nodes, [
      {node: 'a', host: '10.0.0.1', clientPort: 4222, monitorPort: 8222, asg: 'a-asg', instanceName: 'a'},
    ])
  })

  it('takes the same name twice, and refuses two names', async () => {
    assert.equal((await runCommand(ClusterShow, ['a', '--cluster', 'a'])).exitCode, 0)
    const {stdout, stderr, exitCode} = await runCommand(ClusterShow, ['a', '--cluster', 'b'])
    assert.deepEqual(
      [stdout, stderr, exitCode],
      ['', 'error: two clusters are named: a and --cluster b\n  try: leave one of them out\n', 2],
    )
  })

  for (const [argv, message] of [
    [
      ['a/b'],
      '--cluster "a/b" is no name of a cluster: letters, digits, - and _, at most 63, starting with a letter or digit',
    ],
    [['a', '--region', ''], '--region "" is not an AWS region such as us-east-2'],
    [['a', '--region', 'us east'], '--region "us east" is not an AWS region such as us-east-2'],
  ] as const) {
    it(`refuses ${JSON.stringify(argv)} in text and in JSON`, async () => {
      const text = await runCommand(ClusterShow, argv)
      assert.deepEqual([text.stdout, text.stderr, text.exitCode], ['', `error: ${message}\n`, 2])
      const json = await runCommand(ClusterShow, [...argv, '--json'])
      assert.deepEqual(JSON.parse(json.stdout), {error: {code: 'USAGE', message, exit: 2, suggestions: []}})
      assert.deepEqual([json.stderr, json.exitCode], ['', 2])
    })
  }

  it('says how to name a cluster when none is named', async () => {
    const {stderr, exitCode} = await runCommand(ClusterShow, [])
    assert.equal(
      stderr,
      'error: no cluster is named\n  try: add --cluster nats-prod\n  try: export NATSOPS_CLUSTER=nats-prod\n',
    )
    assert.equal(exitCode, 2)
  })
})
