import assert from 'node:assert/strict'
import {answered, unanswered} from '../../../../src/lib/domain/answer.ts'
import {judgeHealth} from '../../../../src/lib/domain/health.ts'
import type {HealthAnswer} from '../../../../src/lib/domain/observation.ts'
import {
  addStream,
  type Bend,
  bendAll,
  bendJetStream,
  bendNode,
  bendPeer,
  bendServer,
  bendStream,
  silence,
} from '../../../support/bends.ts'
import {NOW} from '../../../support/observations.ts'
import {situation} from '../../../support/situation.ts'
import {findingsOf} from './lines.ts'

const AT_RISK =
  'warning | group-at-risk | n3 | one more loss stops the meta group and 1 stream and 1 consumer: orders, orders > worker (2 of 3 members proven)'

const same: Bend = (observation) => observation
const healthz = (name: string, errors: HealthAnswer['errors']): Bend =>
  bendNode(name, (node) => ({...node, health: answered({httpStatus: 503, status: 'unavailable', errors}, NOW)}))

describe('health of nodes', () => {
  it('finds nothing in a healthy cluster', () => {
    assert.deepEqual(findingsOf(), [])
    assert.equal(judgeHealth(situation()).verdict, 'ok')
  })

  it('names a stopped node once, and what one more loss would stop', () => {
    assert.deepEqual(findingsOf({bend: silence('n3')}), [
      'warning | node-unreachable | n3 | does not answer: connection refused by n3.test:8222; the meta leader last heard it 1m ago',
      AT_RISK,
    ])
    assert.equal(judgeHealth(situation({bend: silence('n3')})).verdict, 'degraded')
  })

  it('says that only the way to a node is broken when the meta leader hears it between the looks', () => {
    const bend = silence('n3', 'timeout', {offline: false, activeMs: 300})
    assert.deepEqual(findingsOf({bend}), [
      'warning | node-unreachable | n3 | does not answer: timeout of n3.test; the meta leader hears it',
      'warning | group-at-risk | n3 | one more loss stops 1 stream and 1 consumer: orders, orders > worker (2 of 3 members proven)',
    ])
  })

  it('does not take a node for alive that was heard last before the first look', () => {
    const bendEarlier = silence('n3', 'refused', {offline: false, activeMs: 500})
    const bendLater = silence('n3', 'refused', {offline: false, activeMs: 1500})
    assert.deepEqual(findingsOf({bendEarlier, bendLater}), [
      'warning | node-unreachable | n3 | does not answer: connection refused by n3.test:8222; the meta leader last heard it 1.5s ago',
      AT_RISK,
    ])
  })

  it('does not take a new meta leader that has never heard the node for one that hears it', () => {
    const bend = silence('n3', 'refused', {offline: false, activeMs: 0})
    assert.deepEqual(findingsOf({bend}), [
      'warning | node-unreachable | n3 | does not answer: connection refused by n3.test:8222; the meta leader has not heard it since it leads',
      AT_RISK,
    ])
  })

  it('is critical without a majority: one finding a node, one for all the groups that stopped', () => {
    const findings = findingsOf({bend: bendAll(silence('n1'), silence('n3'))})
    assert.deepEqual(findings, [
      'critical | group-below-quorum | n1,n3 | no majority proven for the meta group and 1 stream and 1 consumer: orders, orders > worker (1 of 3 members proven)',
      'critical | node-unreachable | n1 | does not answer: connection refused by n1.test:8222',
      'critical | node-unreachable | n3 | does not answer: connection refused by n3.test:8222',
    ])
  })

  it('is unknown, in one finding that names the VPN, when no name resolves', () => {
    const report = judgeHealth(
      situation({bend: bendAll(...['n1', 'n2', 'n3'].map((name) => silence(name, 'name-not-found')))}),
    )
    assert.equal(report.verdict, 'unknown')
    assert.deepEqual(report.findings, [
      {
        code: 'cluster-unreachable',
        severity: 'critical',
        nodes: ['n1', 'n2', 'n3'],
        assets: [],
        message:
          'none of 3 nodes answers: name-not-found of n1.test, name-not-found of n2.test, name-not-found of n3.test',
        measured: 0,
        limit: 3,
        meaning:
          'nothing is known of the cluster: its names resolve only inside the VPN, or the cluster has another name',
        next: 'connect the VPN (warp-cli connect); check the names: natsops cluster show',
      },
    ])
  })

  it('gives the reasons when no node answers for different ones', () => {
    const [finding] = findingsOf({bend: bendAll(silence('n1'), silence('n2', 'timeout'), silence('n3', 'timeout'))})
    assert.equal(
      finding,
      'critical | cluster-unreachable | n1,n2,n3 | none of 3 nodes answers: connection refused by n1.test:8222, timeout of n2.test, timeout of n3.test',
    )
  })

  it('holds what a node leaves out against it, endpoints of one reason together', () => {
    const slow = unanswered('timeout', 'no answer in 5s', NOW)
    const bend = bendNode('n3', (node) => ({...node, routes: slow, raft: slow}))
    assert.deepEqual(findingsOf({bend}), [
      'warning | node-incomplete | n3 | answers only in part: /routez, /raftz: no answer in 5s',
    ])
  })

  it('does not ask /raftz of a version that has none', () => {
    const bend = bendNode('n3', (node) => ({...node, raft: unanswered('unsupported', 'no such endpoint', NOW)}))
    assert.deepEqual(findingsOf({bend}), [])
  })

  it('does not believe a /jsz that does not add up', () => {
    assert.deepEqual(findingsOf({bend: bendJetStream('n3', () => ({complete: false, streams: []}))}), [
      'warning | node-incomplete | n3 | answers only in part: /jsz leaves streams out',
      'warning | group-at-risk | n3 | one more loss stops 1 stream and 1 consumer: orders, orders > worker (2 of 3 members proven)',
    ])
  })

  it('passes on what healthz says, with the assets it names', () => {
    const errors = [
      {type: 'STREAM', error: "stream 'APP > orders' is not current", account: 'APP', stream: 'orders'},
      {type: 'CONSUMER', error: 'worker is not current', account: 'APP', stream: 'orders', consumer: 'worker'},
      {type: 'STREAM', error: 'another', account: 'APP', stream: 'other'},
    ]
    const report = judgeHealth(situation({bend: healthz('n3', errors)}))
    assert.deepEqual(
      report.findings.map(({severity, code, message}) => ({severity, code, message})),
      [
        {
          severity: 'warning',
          code: 'node-unhealthy',
          message:
            "healthz says 503 unavailable: stream 'APP > orders' is not current, worker is not current and 1 more",
        },
      ],
    )
    assert.deepEqual(report.findings[0]?.assets, [
      {kind: 'stream', account: 'APP', stream: 'orders', consumer: undefined},
      {kind: 'stream', account: 'APP', stream: 'other', consumer: undefined},
      {kind: 'consumer', account: 'APP', stream: 'orders', consumer: 'worker'},
    ])
  })

  it('is critical when a majority of the servers is unwell, not when single groups are', () => {
    const server = [{type: 'JETSTREAM', error: 'not current with the meta leader'}]
    const group = [{type: 'STREAM', error: 'not current', account: 'APP', stream: 'orders'}]
    const severities = (errors: HealthAnswer['errors']): readonly (string | undefined)[] =>
      findingsOf({bend: bendAll(healthz('n2', errors), healthz('n3', errors))}).map((line) => line.split(' ')[0])
    assert.deepEqual(severities(server), ['critical', 'critical'])
    assert.deepEqual(severities(group), ['warning', 'warning'])
  })

  it('takes JetStream that is not current in one look for work in progress, in both for a server that is unwell', () => {
    const late = [{type: 'JETSTREAM', error: 'JetStream is not current with the meta leader'}]
    const two = bendAll(healthz('n2', late), healthz('n3', late))
    assert.deepEqual(findingsOf({bendLater: two}), [])
    assert.deepEqual(findingsOf({bendEarlier: healthz('n3', late), bendLater: two}), [
      'warning | node-unhealthy | n3 | healthz says 503 unavailable: JetStream is not current with the meta leader',
    ])
    const closed = [...late, {type: 'CONNECTION', error: 'not ready'}]
    assert.deepEqual(findingsOf({bendLater: healthz('n3', closed)}), [
      'warning | node-unhealthy | n3 | healthz says 503 unavailable: not ready',
    ])
  })

  it('takes no word of an earlier process or of silence for being well before', () => {
    const late = healthz('n3', [{type: 'JETSTREAM', error: 'not current'}])
    const told = (bendEarlier: Bend): boolean =>
      findingsOf({bendEarlier, bendLater: late}).some((line) => line.includes('node-unhealthy'))
    assert.ok(told(bendServer('n3', {id: 'another'})))
    assert.ok(told(silence('n3')))
    assert.ok(told(healthz('n3', [])))
    assert.ok(told(healthz('n3', [{type: 'CONNECTION', error: 'not ready'}])))
  })

  it('does not call a server unwell for a stream or consumer that it is only just setting up', () => {
    const ofStream = {type: 'STREAM', error: 'stream not found', account: 'APP', stream: 'fresh'}
    const ofConsumer = {type: 'CONSUMER', error: 'not current', account: 'APP', stream: 'orders', consumer: 'fresh'}
    assert.deepEqual(findingsOf({bendLater: healthz('n3', [ofStream, ofConsumer])}), [])
    const report = judgeHealth(situation({bendLater: healthz('n3', [ofStream])}))
    assert.deepEqual([report.verdict, report.nodes[2]?.healthz], ['ok', 503])
  })

  it('believes a complaint about a stream that is older, or that was not asked for in the earlier look', () => {
    const late = {type: 'STREAM', error: 'not current', account: 'APP', stream: 'fresh'}
    const whole = {type: 'JETSTREAM', error: 'JetStream is not current with the meta leader'}
    const isTold = (bendEarlier: Bend, bendLater: Bend = same): boolean =>
      findingsOf({bendEarlier, bendLater: bendAll(healthz('n3', [late]), bendLater)}).some((line) =>
        line.includes('node-unhealthy'),
      )
    assert.deepEqual([isTold(same), isTold(healthz('n3', [whole]))], [false, true])
    assert.ok(!isTold(healthz('n3', [whole]), addStream('fresh', {createdAt: NOW})))
    assert.ok(isTold(same, addStream('fresh')))
    const off = bendJetStream('n1', () => ({enabled: false, streams: [], meta: undefined}))
    assert.ok(isTold(off, addStream('fresh', {createdAt: NOW})))
  })

  it('passes on a complaint about what was there, what stays, and what is not known to be new', () => {
    const lost = {type: 'STREAM', error: 'stream not found', account: 'APP', stream: 'lost'}
    const late = {type: 'CONSUMER', error: 'not current', account: 'APP', stream: 'orders', consumer: 'worker'}
    const told = (given: Parameters<typeof findingsOf>[0]): readonly string[] =>
      findingsOf(given).filter((line) => line.includes('node-unhealthy'))
    const complaint = (error: string): readonly string[] => [
      `warning | node-unhealthy | n3 | healthz says 503 unavailable: ${error}`,
    ]
    assert.deepEqual(told({bend: healthz('n3', [lost])}), complaint('stream not found'))
    assert.deepEqual(told({bendLater: healthz('n3', [lost, late])}), complaint('not current'))
    assert.deepEqual(
      told({bendEarlier: silence('n1'), bendLater: healthz('n3', [lost])}),
      complaint('stream not found'),
    )
    const operatorMode = addStream('lost', {replicas: 1})
    const byKey = [{...lost, account: 'AKEY'}]
    const withKey = bendStream('lost', 'n2', (replica) => ({...replica, accountId: 'AKEY'}))
    assert.deepEqual(
      told({bendEarlier: bendAll(operatorMode, withKey), bendLater: healthz('n3', byKey)}),
      complaint('stream not found'),
    )
  })

  it('sees JetStream that is off', () => {
    const bend = bendJetStream('n3', () => ({enabled: false, streams: [], meta: undefined}))
    assert.deepEqual(findingsOf({bend}), [
      'warning | jetstream-disabled | n3 | JetStream is off',
      'warning | group-at-risk | n3 | one more loss stops 1 stream and 1 consumer: orders, orders > worker (2 of 3 members proven)',
    ])
  })

  it('sees another server behind the address of a node, and nothing else of it', () => {
    const disowned = unanswered('malformed', 'the server there calls itself n2', NOW)
    const bend = bendAll(
      bendServer('n3', {name: 'n2', id: 'ID-n2'}),
      bendNode('n3', (node) => ({...node, health: disowned, jetStream: disowned, routes: disowned, raft: disowned})),
    )
    assert.deepEqual(findingsOf({bend}), [
      'warning | server-misplaced | n3 | server n2 answers at n3.test:8222',
      'warning | group-at-risk | n3 | one more loss stops 1 stream and 1 consumer: orders, orders > worker (2 of 3 members proven)',
    ])
  })

  it('says lame duck once, whatever the closed server says of itself', () => {
    const bend = bendAll(
      bendServer('n3', {lameDuck: true}),
      healthz('n3', [{type: 'CONNECTION', error: 'not ready for connections'}]),
      bendPeer('n3', {activeMs: 500}),
    )
    assert.deepEqual(findingsOf({bend}), ['warning | lame-duck | n3 | runs with its client port and JetStream closed'])
  })
})
