import assert from 'node:assert/strict'
import {type Bend, bendAll, bendJetStream, bendServer} from '../../../support/bends.ts'
import {NOW, testSettings} from '../../../support/observations.ts'
import {findingsOf} from './lines.ts'

const MIB = 1024 ** 2
const nodes = ['n1', 'n2', 'n3']
const everywhere = (bend: (name: string) => Bend): Bend => bendAll(...nodes.map(bend))
const file = (percent: number): Bend =>
  everywhere((name) => bendJetStream(name, ({maxFileBytes}) => ({fileBytes: (maxFileBytes * percent) / 100})))

describe('health of the load', () => {
  it('warns of a filling store and is alarmed by a full one, once for all nodes', () => {
    assert.deepEqual(findingsOf({bend: file(79.9)}), [])
    assert.deepEqual(findingsOf({bend: file(80)}), [
      'warning | store-full | n1,n2,n3 | file store 80% full: 819.2 MiB of 1.0 GiB (limit 80%)',
    ])
    assert.deepEqual(findingsOf({bend: file(95)}), [
      'critical | store-full | n1,n2,n3 | file store 95% full: 972.8 MiB of 1.0 GiB (limit 95%)',
    ])
  })

  it('holds memory against its own limit, and knows stores without one', () => {
    const memory = bendJetStream('n2', () => ({memoryBytes: 250 * MIB}))
    assert.deepEqual(findingsOf({bend: memory}), [
      'critical | store-full | n2 | memory store 97.6% full: 250.0 MiB of 256.0 MiB (limit 95%)',
    ])
    const unlimited = everywhere((name) => bendJetStream(name, () => ({maxMemoryBytes: -1, memoryBytes: 250 * MIB})))
    assert.deepEqual(findingsOf({bend: unlimited}), [])
  })

  it('goes by the configured thresholds', () => {
    const {thresholds} = testSettings()
    const settings = testSettings(3, {thresholds: {...thresholds, storagePercentWarning: 5, storagePercentCritical: 9}})
    assert.deepEqual(findingsOf({settings}), [
      'critical | store-full | n1,n2,n3 | file store 9.7% full: 100.0 MiB of 1.0 GiB (limit 9%)',
    ])
  })

  it('tells a reserved store from one that promised more than it has', () => {
    const reserved = (mib: number): Bend => everywhere((n) => bendJetStream(n, () => ({reservedFileBytes: mib * MIB})))
    assert.deepEqual(findingsOf({bend: reserved(900)}), [
      'info | store-reserved | n1,n2,n3 | file store 87.8% reserved: 900.0 MiB of 1.0 GiB (limit 80%)',
    ])
    assert.deepEqual(findingsOf({bend: reserved(1100)}), [
      'warning | store-reserved | n1,n2,n3 | file store 107.4% reserved: 1.1 GiB of 1.0 GiB (limit 80%)',
    ])
  })

  it('sees a node whose store is much smaller than the others', () => {
    const smaller = (share: number): Bend =>
      bendJetStream('n3', ({maxFileBytes}) => ({maxFileBytes: maxFileBytes * share}))
    assert.deepEqual(findingsOf({bend: smaller(0.91)}), [])
    assert.deepEqual(findingsOf({bend: smaller(0.5)}), [
      'warning | jetstream-shrunk | n3 | file store may hold 512.0 MiB, elsewhere 1.0 GiB',
    ])
  })

  it('misses clients only when every node answers, and waits for them after a start', () => {
    const lonely = everywhere((name) => bendServer(name, {connections: 0}))
    assert.deepEqual(findingsOf({bend: lonely}), [
      'warning | connections-none | - | 0 client connections in the whole cluster (limit 1)',
    ])
    assert.deepEqual(findingsOf({bend: bendServer('n1', {connections: 0})}), [])
    const young = everywhere((name) => bendServer(name, {startedAt: NOW - 60_000}))
    assert.deepEqual(findingsOf({bend: bendAll(lonely, young)}), [
      'info | connections-none | - | 0 client connections in the whole cluster (limit 1)',
      'info | server-restarted | n1,n2,n3 | the last one started 1m ago (limit 5m)',
    ])
    const {thresholds} = testSettings()
    const settings = testSettings(3, {thresholds: {...thresholds, connectionsMinimum: 0}})
    assert.deepEqual(findingsOf({settings, bend: lonely}), [])
  })

  it('counts clients and subscriptions against the limits', () => {
    const bend = bendAll(
      bendServer('n1', {connections: 10_001}),
      bendServer('n2', {connections: 100, maxConnections: 100}),
      bendServer('n3', {subscriptions: 100_001}),
    )
    assert.deepEqual(findingsOf({bend}), [
      'critical | connections-high | n2 | 100 client connections (limit 100)',
      'warning | connections-high | n1 | 10,001 client connections (limit 10,000)',
      'warning | subscriptions-high | n3 | 100,001 subscriptions (limit 100,000)',
    ])
    assert.deepEqual(findingsOf({bend: bendServer('n1', {connections: 10_000, subscriptions: 100_000})}), [])
  })

  it('reports slow consumers, and which of them are new', () => {
    const slow = (count: number): Bend => bendServer('n2', {slowConsumers: count})
    assert.deepEqual(findingsOf({bend: slow(3)}), [
      'warning | slow-consumers | n2 | 3 slow consumers since start (limit 0)',
    ])
    assert.deepEqual(findingsOf({bendEarlier: slow(1), bendLater: slow(3)}), [
      'warning | slow-consumers | n2 | 3 slow consumers since start, 2 of them just now (limit 0)',
    ])
  })

  it('reports API errors that rise, not those of last week', () => {
    const errors = (count: number): Bend => bendJetStream('n2', () => ({apiErrors: count}))
    assert.deepEqual(findingsOf({bend: errors(500)}), [])
    assert.deepEqual(findingsOf({bendEarlier: errors(500), bendLater: errors(507)}), [
      'warning | api-errors | n2 | 7 JetStream API errors between two looks (limit 0)',
    ])
    const restarted = bendAll(errors(507), bendServer('n2', {id: 'ID-new'}))
    assert.deepEqual(
      findingsOf({bendEarlier: errors(500), bendLater: restarted}).filter((line) => line.includes('api-errors')),
      [],
      'the counter of another process is no earlier value',
    )
  })

  it('reports a CPU that is busy in both looks, by core', () => {
    const busy = (percent: number, cores = 1): Bend => bendServer('n2', {cpuPercent: percent, cores})
    assert.deepEqual(findingsOf({bend: busy(81)}), [
      'warning | cpu-high | n2 | the server takes 81% of the CPU (limit 80%)',
    ])
    assert.deepEqual(findingsOf({bendLater: busy(100)}), [])
    assert.deepEqual(findingsOf({bend: busy(120, 2)}), [])
  })
})
