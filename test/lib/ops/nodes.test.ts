import assert from 'node:assert/strict'
import type {Aws} from '../../../src/lib/clients/ports.ts'
import type {AutoScalingGroup} from '../../../src/lib/domain/observation.ts'
import {
  type ClusterSettings,
  conventionalNode,
  conventionalSettings,
  type NodeTarget,
} from '../../../src/lib/domain/settings.ts'
import {Exit, OpsError} from '../../../src/lib/errors.ts'
import {type Discovery, discoverNodes, findNode, groupNumberOf} from '../../../src/lib/ops/nodes.ts'

const settings = conventionalSettings('nats-prod')
const node = (n: number): NodeTarget => conventionalNode(settings, n)
const group = (n: number): string => `nats-prod-node-${n}-asg`

/** An AWS that has these groups and nothing else. */
function awsWith(groups: readonly string[] | Error): Aws {
  const unused = (): never => assert.fail('not to be called')
  return {
    parameters: unused,
    ec2: unused,
    identity: unused,
    runCommand: unused,
    sessions: unused,
    logs: unused,
    credentialsExpireAt: unused,
    region: async () => 'us-east-2',
    autoScaling: async () => ({
      groups: async (names) => {
        if (groups instanceof Error) throw groups
        return groups.filter((name) => names === undefined || names.includes(name)).map(emptyGroup)
      },
      activities: unused,
      refreshes: unused,
      terminateInstance: unused,
      startRefresh: unused,
    }),
  }
}

function emptyGroup(name: string): AutoScalingGroup {
  return {name, desired: 1, minimum: 1, maximum: 1, instances: [], suspended: []}
}

const discover = (groups: readonly string[] | Error, changes: Partial<ClusterSettings> = {}): Promise<Discovery> =>
  discoverNodes({settings: {...settings, ...changes}, aws: async () => awsWith(groups)}, {aws: true})

describe('the nodes of a cluster', () => {
  it('are those that have a group named by the pattern, by number', async () => {
    const groups = [group(10), group(2), 'nats-prod-web-asg', group(1), 'nats-staging-node-3-asg', group(9), 'bastion']
    assert.deepEqual(await discover(groups), {
      nodes: [node(1), node(2), node(9), node(10)],
      source: 'auto scaling groups',
    })
  })

  it('are more than the convention of three where there are more groups, fewer where there are fewer', async () => {
    const five = [1, 2, 3, 4, 5]
    assert.deepEqual((await discover(five.map(group))).nodes, five.map(node))
    assert.deepEqual(await discover([group(1)]), {nodes: [node(1)], source: 'auto scaling groups'})
  })

  it('are by convention where no group is named so, with a warning', async () => {
    assert.deepEqual(await discover(['bastion']), {
      nodes: [node(1), node(2), node(3)],
      source: 'convention',
      warning: 'no Auto Scaling group named like nats-prod-node-1-asg in us-east-2',
    })
  })

  it('are as many as configured where no group is named so', async () => {
    assert.deepEqual(await discover([], {nodes: 5}), {
      nodes: [1, 2, 3, 4, 5].map(node),
      source: 'configuration',
      warning: 'no Auto Scaling group named like nats-prod-node-1-asg in us-east-2',
    })
  })

  it('are the groups also where another number is configured, with a warning', async () => {
    assert.deepEqual(await discover([group(1), group(2)], {nodes: 3}), {
      nodes: [node(1), node(2)],
      source: 'auto scaling groups',
      warning:
        '3 nodes are configured, but there are Auto Scaling groups nats-prod-node-1-asg, nats-prod-node-2-asg in us-east-2',
    })
    assert.equal((await discover([group(1), group(2)], {nodes: 2})).warning, undefined)
  })

  describe('configured one by one', () => {
    const configured = [1, 2, 3].map((n) => ({...node(n), host: '127.0.0.1', clientPort: 4000 + n}))

    it('keep their hosts and ports', async () => {
      assert.deepEqual(await discover([1, 2, 3].map(group), {nodes: configured}), {
        nodes: configured,
        source: 'configuration',
      })
    })

    it('stay expected without their group, and a group nobody told of is a node too', async () => {
      assert.deepEqual(await discover([group(1), group(3), group(4)], {nodes: configured}), {
        nodes: [...configured, node(4)],
        source: 'configuration',
        warning:
          'no Auto Scaling group nats-prod-node-2-asg in us-east-2; there is Auto Scaling group nats-prod-node-4-asg in ' +
          'us-east-2, but no such node is configured',
      })
    })

    it('are not listed twice when their group has a name of its own', async () => {
      const own = configured.map((one) => (one.name === node(2).name ? {...one, asg: 'own-asg'} : one))
      assert.deepEqual(await discover([group(1), group(2), group(3), 'own-asg'], {nodes: own}), {
        nodes: own,
        source: 'configuration',
        warning: 'there is Auto Scaling group nats-prod-node-2-asg in us-east-2, but no such node is configured',
      })
    })
  })

  it('are known without AWS, with the reason why it was not asked', async () => {
    const problem = new OpsError('autoscaling:DescribeAutoScalingGroups in us-east-2: there are no AWS credentials', {
      code: 'AWS_CREDENTIALS_MISSING',
      exit: Exit.auth,
    })
    const warning = (source: string): string =>
      `the list of nodes is by ${source}, AWS could not be asked: ${problem.message}`
    assert.deepEqual(await discover(problem), {
      nodes: [node(1), node(2), node(3)],
      source: 'convention',
      warning: warning('convention'),
      problem,
    })
    assert.deepEqual(await discover(problem, {nodes: 1}), {
      nodes: [node(1)],
      source: 'configuration',
      warning: warning('configuration'),
      problem,
    })
  })

  it('do not hide a bug behind a warning', async () => {
    await assert.rejects(discover(new TypeError('oops')), TypeError)
  })

  it('are known without asking AWS at all', async () => {
    const context = {settings, aws: () => assert.fail('AWS was asked')}
    assert.deepEqual(await discoverNodes(context, {aws: false}), {
      nodes: [node(1), node(2), node(3)],
      source: 'convention',
    })
  })
})

describe("the number in a group's name", () => {
  const numberIn = (group: string, patterns: Partial<ClusterSettings['patterns']> = {}, name = 'nats-prod') =>
    groupNumberOf({...conventionalSettings(name), patterns: {...settings.patterns, ...patterns}})(group)

  it('is read back as it was written', () => {
    for (const n of [1, 9, 10, 123]) assert.equal(numberIn(conventionalNode(settings, n).asg), n)
  })

  it('is no number of ours in other names', () => {
    for (const other of [
      'nats-prod-node-0-asg',
      'nats-prod-node-01-asg',
      'nats-prod-node--asg',
      'nats-prod-node-1-asg-old',
      'my-nats-prod-node-1-asg',
      'nats-prod-node-1a-asg',
      'nats-prod-2-node-1-asg',
      'nats-prod-node-1-asg\n',
      'NATS-PROD-node-1-asg',
    ])
      assert.equal(numberIn(other), undefined, other)
  })

  it('is found by any pattern, and what is special in an expression is not in a name', () => {
    assert.equal(numberIn('a.b+(c)-7', {node: 'x{n}', asg: '{cluster}-{n}'}, 'a.b+(c)'), 7)
    assert.equal(numberIn('aXb+(c)-7', {node: 'x{n}', asg: '{cluster}-{n}'}, 'a.b+(c)'), undefined)
    assert.equal(numberIn('4-of-nats-prod-node-4', {asg: '{n}-of-{node}'}), 4)
    assert.equal(numberIn('4-of-nats-prod-node-5', {asg: '{n}-of-{node}'}), undefined)
    assert.equal(numberIn('all-nodes', {asg: 'all-nodes'}), undefined)
  })
})

describe('findNode', () => {
  const nodes = [{name: 'nats-prod-node-1'}, {name: 'nats-prod-node-2'}, {name: 'other-1'}]

  it('knows a node by its whole name, or by an end that only one has', () => {
    assert.deepEqual(
      ['nats-prod-node-1', 'node-2', '2'].map((given) => findNode({settings}, nodes, given)),
      ['nats-prod-node-1', 'nats-prod-node-2', 'nats-prod-node-2'],
    )
  })

  it('does not state what only the convention says', () => {
    const problem = new OpsError('no way', {code: 'AWS_UNREACHABLE', exit: Exit.unreachable})
    const names = 'nats-prod-node-1, nats-prod-node-2, other-1'
    for (const [discovery, there] of [
      [{source: 'convention', problem}, 'by convention (AWS could not be asked) there are'],
      [{source: 'convention'}, 'by convention there are'],
      [{source: 'configuration', problem}, 'there are'],
    ] as const) {
      assert.throws(() => findNode({settings}, nodes, '7', discovery), {
        code: 'NODE_NOT_FOUND',
        message: `nats-prod has no node "7": ${there} ${names}`,
      })
    }
  })

  it('names those there are for anything else', () => {
    for (const given of ['1', 'node', '', 'nats-prod-node-3']) {
      assert.throws(() => findNode({settings}, nodes, given), {
        code: 'NODE_NOT_FOUND',
        exit: Exit.notFound,
        message: `nats-prod has no node ${JSON.stringify(given)}: there are nats-prod-node-1, nats-prod-node-2, other-1`,
      })
    }
  })
})
