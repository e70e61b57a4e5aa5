import assert from 'node:assert/strict'
import NodeList from '../../../src/commands/node/list.ts'
import {Exit, OpsError} from '../../../src/lib/errors.ts'
import {displayWidth} from '../../../src/lib/output/table.ts'
import {RollScene} from '../../support/roll-scene.ts'
import {type RunOptions, runCommand} from '../../support/run.ts'

describe('node list', () => {
  let scene: RollScene
  beforeEach(() => {
    scene = new RollScene()
  })
  afterEach(() => scene[Symbol.dispose]())
  const list = (argv: readonly string[], options: RunOptions = {}) =>
    runCommand(NodeList, argv, scene.wiring(), options)

  it('shows servers and machines in two tables where one is too wide', async () => {
    const {stdout, exitCode} = await list(['--no-color'], {columns: 80})
    assert.equal(exitCode, 0)
    assert.deepEqual(stdout.split('\n'), [
      'NODE      HEALTH  ROLES          VERSION  UP  STATE      LAUNCHED',
      'c-node-1  ok      meta, leads 2  2.15.1   1h  InService  just now',
      'c-node-2  ok      -              2.15.1   1h  InService  just now',
      'c-node-3  ok      -              2.15.1   1h  InService  just now',
      '',
      'NODE      INSTANCE  TYPE         AZ          IP',
      'c-node-1  i-2       m8gd.medium  us-east-2a  10.0.0.2',
      'c-node-2  i-4       m8gd.medium  us-east-2a  10.0.0.4',
      'c-node-3  i-6       m8gd.medium  us-east-2a  10.0.0.6',
      '',
    ])
    const wide = await list(['--no-color'], {columns: 160})
    assert.equal(wide.stdout.split('\n').length, 5)
  })

  it('is one record a node in a pipe, with exact times', async () => {
    const {stdout} = await list([])
    assert.equal(
      stdout.split('\n')[0],
      'c-node-1\tok\tmeta, leads 2\t2.15.1\t3600\tInService\t2023-11-14T22:13:20Z\ti-2\tm8gd.medium\tus-east-2a\t10.0.0.2',
    )
  })

  it('shows a node that does not answer, and AWS that was not asked or fails', async () => {
    scene.cluster.stop('c-node-2')
    const {stdout, exitCode} = await list(['--json'])
    const [, second] = JSON.parse(stdout).nodes
    assert.deepEqual([second.health, second.version, second.instanceId, exitCode], ['refused', null, 'i-4', 0])
    const without = JSON.parse((await list(['--json', '--no-aws'])).stdout)
    assert.deepEqual([without.nodes[0].instanceId, without.warnings], [null, []])
  })

  it('exits 7 where nobody answers and AWS does not either, and still prints what is expected', async () => {
    for (const {name} of scene.cluster.nodes) scene.cluster.stop(name)
    assert.equal((await list([])).exitCode, 0)
    for (const argv of [['--no-aws'], []]) {
      if (argv.length === 0)
        scene.awsFailure = new OpsError('no way', {code: 'AWS_UNREACHABLE', exit: Exit.unreachable})
      const {stdout, exitCode} = await list(argv)
      assert.deepEqual([stdout.split('\n').length, exitCode], [4, 7])
      assert.equal(JSON.parse((await list([...argv, '--json'])).stdout).exit, 7)
    }
  })

  it('fits 80 columns with names as long as they are', async () => {
    for (const node of scene.cluster.nodes) node.instance.id = `i-0123456789abcdef${node.instance.id.slice(2)}`
    const {stdout} = await list(['--no-color'], {columns: 80})
    for (const line of stdout.split('\n')) assert.ok(displayWidth(line) <= 80, line)
  })
})
