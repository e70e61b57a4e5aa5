import assert from 'node:assert/strict'
import {answered} from '../../../../src/lib/domain/answer.ts'
import type {Route} from '../../../../src/lib/domain/observation.ts'
import {type Bend, bendAll, bendNode, bendServer, silence} from '../../../support/bends.ts'
import {NOW, testSettings} from '../../../support/observations.ts'
import {findingsOf} from './lines.ts'

const DAY_MS = 86_400_000

const routes = (name: string, change: (routes: readonly Route[]) => readonly Route[]): Bend =>
  bendNode(name, (node) => ({...node, routes: node.routes.ok ? answered(change(node.routes.value), NOW) : node.routes}))

const without = (name: string, remote: string): Bend =>
  routes(name, (all) => all.filter(({remoteName}) => remoteName !== remote))

const certificate = (name: string, days: number): Bend =>
  bendNode(name, (node) => ({...node, certificateExpiresAt: NOW + days * DAY_MS}))

describe('health of the fleet', () => {
  it('names who runs which version', () => {
    assert.deepEqual(findingsOf({bend: bendServer('n2', {version: '2.10.27'})}), [
      'warning | version-skew | n1,n2,n3 | 2 versions: 2.10.27 on n2; 2.15.1 on n1, n3',
    ])
  })

  it('takes digests that all differ for normal, and one odd digest for a change', () => {
    assert.deepEqual(findingsOf({bend: bendServer('n1', {configDigest: 'sha256:n2'})}), [
      'warning | config-differs | n3 | runs another configuration than n1, n2',
    ])
    const same = bendAll(...['n1', 'n2', 'n3'].map((name) => bendServer(name, {configDigest: 'sha256:x'})))
    assert.deepEqual(findingsOf({bend: same}), [])
    const untold = bendAll(...['n1', 'n2', 'n3'].map((name) => bendServer(name, {configDigest: undefined})))
    assert.deepEqual(findingsOf({bend: untold}), [])
  })

  it('warns of certificates in time', () => {
    assert.deepEqual(
      findingsOf({bend: bendAll(certificate('n1', 30), certificate('n2', 29.5), certificate('n3', 6.5))}),
      [
        'critical | certificate-expiring | n3 | TLS certificate expires in 6d12h (limit 7 days)',
        'warning | certificate-expiring | n2 | TLS certificate expires in 29d12h (limit 30 days)',
      ],
    )
    assert.deepEqual(findingsOf({bend: certificate('n1', -1)}), [
      'critical | certificate-expiring | n1 | TLS certificate expired 1d ago',
    ])
  })

  it('tells of restarts without holding them against the cluster', () => {
    const started = (seconds: number): Bend => bendServer('n2', {startedAt: NOW - seconds * 1000})
    assert.deepEqual(findingsOf({bend: started(299)}), ['info | server-restarted | n2 | started 4m59s ago (limit 5m)'])
    assert.deepEqual(findingsOf({bend: started(302)}), [])
  })

  it('sees two live servers of one name, in the routes of anybody, in both looks', () => {
    const second = routes('n1', (all) => [...all, {remoteId: 'ID-old', remoteName: 'n3'}])
    assert.deepEqual(findingsOf({bend: second}), [
      'critical | server-duplicated | n3 | 2 live servers with this name: ID-n3, ID-old',
    ])
    assert.deepEqual(findingsOf({bendLater: second}), [], 'a restart shows two ids for a moment')
  })

  it('counts several connections to one remote as one route', () => {
    const pool = routes('n1', (all) => [...all, ...all])
    assert.deepEqual(findingsOf({bend: pool}), [])
  })

  it('names the pairs between which there is no route, in both looks, among nodes that answer', () => {
    assert.deepEqual(findingsOf({bend: bendAll(without('n1', 'n3'), without('n3', 'n1'))}), [
      'warning | route-missing | n1,n3 | 1 of 3 routes missing: n1 - n3',
    ])
    assert.deepEqual(findingsOf({bendLater: without('n1', 'n3')}), [])
    const silent = findingsOf({bend: bendAll(silence('n3'), without('n1', 'n3'), without('n2', 'n3'))})
    assert.deepEqual(
      silent.filter((line) => line.includes('route')),
      [],
    )
  })

  it('names servers of the cluster that nobody told it of', () => {
    const stranger = routes('n1', (all) => [...all, {remoteId: 'ID-n4', remoteName: 'n4'}])
    assert.deepEqual(findingsOf({bend: stranger}), [
      'warning | server-unexpected | n4 | 1 server in the cluster that natsops does not know: n4',
    ])
  })

  it('says of a single node that nothing survives it, and no more', () => {
    assert.deepEqual(findingsOf({settings: testSettings(1)}), ['info | single-node | - | the cluster has one node'])
  })
})
