import assert from 'node:assert/strict'
import type {Aws, Monitor} from '../../../src/lib/clients/ports.ts'
import {systemClock} from '../../../src/lib/clock.ts'
import {answered, unanswered} from '../../../src/lib/domain/answer.ts'
import type {AutoScalingGroup, Instance, NodeObservation} from '../../../src/lib/domain/observation.ts'
import type {NodeTarget} from '../../../src/lib/domain/settings.ts'
import {observeAws, observeCluster, peerIdOf} from '../../../src/lib/ops/observe.ts'
import {healthyAws, healthyObservation, testSettings} from '../../support/observations.ts'

const settings = testSettings()
const healthy = healthyObservation(settings)
const targets = healthy.nodes.map(({target}) => target)

/** Answers from an observation, all from one server process a node. */
function fakeMonitor(change: (node: NodeObservation) => NodeObservation = (node) => node, expiry?: number): Monitor {
  const find = ({name}: NodeTarget): NodeObservation => {
    const node = healthy.nodes.find(({target}) => target.name === name)
    if (!node) throw new Error(`no node ${name}`)
    return change(node)
  }
  return {
    server: async (node) => find(node).server,
    health: async (node) => find(node).health,
    jetStream: async (node) => find(node).jetStream,
    routes: async (node) => find(node).routes,
    raft: async (node) => find(node).raft,
    certificateExpiry: async () => expiry,
    close: async () => {},
  }
}

const observe = (monitor: Monitor) =>
  observeCluster({clock: systemClock, monitor: async () => monitor, settings}, targets)
const kinds = ({server, health, jetStream, routes, raft}: NodeObservation) =>
  [server, health, jetStream, routes, raft].map((answer) =>
    answer.ok ? 'ok' : `${answer.problem.kind}: ${answer.problem.detail}`,
  )

describe('observing a cluster', () => {
  it('has an entry for every expected node, in order, with its peer id', async () => {
    const {nodes, cluster} = await observe(fakeMonitor())
    assert.deepEqual(
      [cluster, ...nodes.map(({target, peerId}) => [target.name, peerId])],
      ['test', ...['n1', 'n2', 'n3'].map((name) => [name, peerIdOf(name)])],
    )
    assert.ok(nodes.every((node) => kinds(node).every((kind) => kind === 'ok')))
  })

  it('knows peer ids as nats-server makes them', () => {
    assert.deepEqual(['test-node-1', 'test-node-2', 'test-node-3'].map(peerIdOf), ['ioN3561w', 'hmm2LZoa', 'dgbDiFXG'])
  })

  it('lets one silent node hide nothing of the others', async () => {
    const silent = unanswered('timeout', 'slow', 0)
    const {nodes} = await observe(
      fakeMonitor((node) =>
        node.target.name === 'n2'
          ? {...node, server: silent, health: silent, jetStream: silent, routes: silent, raft: silent}
          : node,
      ),
    )
    assert.deepEqual(
      nodes.map((node) => kinds(node)[0]),
      ['ok', 'timeout: slow', 'ok'],
    )
  })

  it('keeps nothing but the name of a server that is not the expected one', async () => {
    const {nodes} = await observe(
      fakeMonitor((node) =>
        node.target.name === 'n2' && node.server.ok
          ? {...node, server: answered({...node.server.value, name: 'n3'}, 0)}
          : node,
      ),
    )
    const why = 'malformed: the server there calls itself n3'
    assert.deepEqual(kinds(nodes[1]!), ['ok', why, why, why, why])
  })

  it('mixes no answers of two server processes', async () => {
    const {nodes} = await observe(
      fakeMonitor((node) =>
        node.target.name === 'n2' && node.server.ok && node.jetStream.ok
          ? {...node, server: {...node.server, serverId: 'NEW'}, jetStream: {...node.jetStream, serverId: 'OLD'}}
          : node,
      ),
    )
    const why = 'malformed: the server was restarted while it was asked'
    assert.deepEqual(kinds(nodes[1]!), ['ok', why, why, why, why])
  })

  it('sees a lame duck by its closed client port', async () => {
    const closed = answered({httpStatus: 500, status: 'error', errors: [{type: 'CONNECTION', error: 'not ready'}]}, 0)
    const {nodes} = await observe(fakeMonitor((node) => (node.target.name === 'n1' ? {...node, health: closed} : node)))
    assert.deepEqual(
      nodes.map(({server}) => server.ok && server.value.lameDuck),
      [true, false, false],
    )
  })

  it('dates certificates only where there is TLS', async () => {
    const withTls = (node: NodeObservation): NodeObservation =>
      node.target.name === 'n1' && node.server.ok
        ? {...node, server: answered({...node.server.value, tlsRequired: true}, 0)}
        : node
    const {nodes} = await observe(fakeMonitor(withTls, 42))
    assert.deepEqual(
      nodes.map(({certificateExpiresAt}) => certificateExpiresAt),
      [42, undefined, undefined],
    )
  })
})

describe('observing AWS', () => {
  const observations = healthyAws(settings)
  const groups = observations.flatMap(({group}) => group ?? [])
  const instances = observations.flatMap((node) => node.instances)

  /** AWS with these groups and instances; records what it was asked, and refuses a group that does not exist. */
  function fakeAws(known: readonly AutoScalingGroup[], running: readonly Instance[]): {aws: Aws; calls: string[]} {
    const calls: string[] = []
    const history = (call: string) => async (group: string) => {
      calls.push(`${call} ${group}`)
      if (!known.some(({name}) => name === group)) throw new Error(`no group ${group}`)
      return []
    }
    const never = () => Promise.reject(new Error('not asked for'))
    const aws: Aws = {
      parameters: never,
      identity: never,
      runCommand: never,
      sessions: never,
      logs: never,
      credentialsExpireAt: never,
      region: never,
      autoScaling: async () => ({
        groups: async (names = []) => {
          calls.push(`groups ${names.join()}`)
          return known.filter(({name}) => names.includes(name))
        },
        activities: history('activities'),
        refreshes: history('refreshes'),
        terminateInstance: never,
        startRefresh: never,
      }),
      ec2: async () => ({
        instances: async (filter) => {
          const wanted = 'ids' in filter ? filter.ids : filter.names
          calls.push(`instances ${wanted.join()}`)
          return running.filter(({id, name = ''}) => wanted.includes('ids' in filter ? id : name))
        },
      }),
    }
    return {aws, calls}
  }

  it('reads all groups and instances in one call each, in the order of the nodes', async () => {
    const {aws, calls} = fakeAws(groups, instances)
    assert.deepEqual(await observeAws({aws: async () => aws}, targets), observations)
    assert.deepEqual(calls.slice(0, 2), ['groups n1-asg,n2-asg,n3-asg', 'instances n1,n2,n3'])
    assert.equal(calls.length, 8)
  })

  it('finds a group’s instance without its name tag, and a tagged one outside the group', async () => {
    const untagged = instances.map((instance) => (instance.id === 'i-0001' ? {...instance, name: undefined} : instance))
    const [second] = instances.filter(({id}) => id === 'i-0002')
    assert.ok(second)
    const {aws, calls} = fakeAws(groups, [...untagged, {...second, id: 'i-old', state: 'terminated'}])
    const seen = await observeAws({aws: async () => aws}, targets)
    assert.deepEqual(
      seen.map((node) => node.instances.map(({id}) => id)),
      [['i-0001'], ['i-0002', 'i-old'], ['i-0003']],
    )
    assert.ok(calls.includes('instances i-0001'))
  })

  it('has no group and no history where none exists', async () => {
    const {aws} = fakeAws(groups.slice(1), instances)
    const [first] = await observeAws({aws: async () => aws}, targets)
    assert.deepEqual([first?.group, first?.activities, first?.instances.length], [undefined, [], 1])
  })

  it('asks nothing for no nodes', async () => {
    assert.deepEqual(await observeAws({aws: () => Promise.reject(new Error('asked'))}, []), [])
  })
})
