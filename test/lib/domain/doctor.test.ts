import assert from 'node:assert/strict'
import packageJson from '../../../package.json' with {type: 'json'}
import {
  type CheckName,
  judgeLock,
  judgeNode,
  judgeSkew,
  judgeWarp,
  OLDEST_NODE,
  reportOf,
  type Status,
} from '../../../src/lib/domain/doctor.ts'
import type {LockDocument} from '../../../src/lib/domain/roll/lock.ts'

const found = (check: CheckName, status: Status) => ({check, status, message: check, fix: null, tookMs: 1})

describe('what a doctor concludes', () => {
  it('is as bad as the worst finding, and nothing unknown is ok', () => {
    const verdict = (...list: readonly Status[]) =>
      reportOf(
        'c',
        list.map((status) => found('node', status)),
        0,
      ).verdict
    assert.equal(verdict('ok', 'info', 'not-checked'), 'ok')
    assert.equal(verdict('ok', 'unknown'), 'degraded')
    assert.equal(verdict('ok', 'warning'), 'degraded')
    assert.equal(verdict('unknown', 'failed'), 'critical')
  })

  it('names what is wrong first, and causes before effects', () => {
    const {findings, counts} = reportOf(
      'c',
      [found('node', 'ok'), found('nats-login', 'unknown'), found('names', 'failed'), found('vpn', 'failed')],
      0,
    )
    assert.deepEqual(
      findings.map(({check}) => check),
      ['vpn', 'names', 'nats-login', 'node'],
    )
    assert.deepEqual(counts, {failed: 2, unknown: 1, warning: 0, info: 0, 'not-checked': 0, ok: 1})
  })

  it('forgives a VPN that is off where the nodes are reached', () => {
    const {findings, verdict} = reportOf('c', [found('vpn', 'failed'), found('client-ports', 'ok')], 0)
    assert.deepEqual(findings[0], {...found('vpn', 'info'), message: 'vpn; the nodes are reached without it'})
    assert.equal(verdict, 'ok')
  })

  it('reads what warp-cli says, old and new', () => {
    assert.equal(judgeWarp('Status update: Connected\nSuccess\n').status, 'ok')
    assert.equal(judgeWarp('Status: Connected').status, 'ok')
    assert.deepEqual(judgeWarp('Status update: Disconnected. Reason: Manual Disconnection\n'), {
      status: 'failed',
      message: 'Cloudflare WARP is not connected (Disconnected)',
      fix: 'warp-cli connect',
    })
    assert.equal(judgeWarp('Status update: Connecting').status, 'failed')
    assert.equal(judgeWarp('').status, 'unknown')
  })

  it('holds Node against what package.json asks for', () => {
    assert.equal(packageJson.engines.node, `>=${OLDEST_NODE.join('.')}`)
    assert.deepEqual(
      ['22.18.0', '24.0.0', '22.17.1', '20.19.0'].map((each) => judgeNode(each).status),
      [...['ok', 'ok', 'failed', 'failed']],
    )
  })

  it('tells a clock that is off from one that will be refused', () => {
    const judge = (...skews: readonly number[]) => judgeSkew(skews.map((ms) => ({whose: `${ms}`, ms})))
    assert.equal(judge(900, -29_000).status, 'ok')
    assert.equal(judge(0, -31_000).message, '-31000 is 31s behind this machine')
    assert.equal(judge(0, -31_000).status, 'warning')
    assert.equal(judge(600_000).message, '600000 is 10m ahead of this machine')
    assert.equal(judge(600_000).status, 'failed')
    assert.equal(judge().status, 'unknown')
  })

  it('tells a lock that is alive from one that nobody renews', () => {
    const now = Date.parse('2026-01-02T03:04:05Z')
    const lock = {
      format: 1,
      roll: 'r1',
      cluster: 'c',
      holder: {user: 'anna', host: 'laptop', pid: 7},
      heartbeatAt: now - 5000,
      handedOver: false,
      current: {identity: {node: 'c-node-2'}},
    } as unknown as LockDocument
    assert.deepEqual(judgeLock('c', undefined, now), {status: 'ok', message: 'no roll is under way'})
    assert.deepEqual(judgeLock('c', lock, now), {
      status: 'info',
      message: 'roll r1 is held by anna@laptop (pid 7), renewed 5s ago',
    })
    assert.deepEqual(judgeLock('c', {...lock, heartbeatAt: now - 3_600_000}, now), {
      status: 'warning',
      message: 'roll r1 is held by anna@laptop (pid 7) and was not renewed for 1h',
      fix: 'natsops roll status --cluster c',
    })
    assert.equal(judgeLock('c', {...lock, handedOver: true}, now).fix, 'natsops roll resume --cluster c')
    assert.equal(judgeLock('c', {...lock, purpose: 'drain'}, now).fix, 'natsops node drain c-node-2 --undo --cluster c')
    const hostile = {...lock, cluster: 'x', purpose: 'drain', current: {identity: {node: 'n$(id)'}}} as LockDocument
    assert.equal(judgeLock('c', hostile, now).fix, "natsops node drain 'n$(id)' --undo --cluster c")
    const {current: _none, ...gone} = lock
    assert.deepEqual(judgeLock('c', {...gone, current: undefined, purpose: 'drain'}, now), {
      status: 'warning',
      message: 'a node is drained by anna@laptop (pid 7)',
      fix: 'natsops roll abort --cluster c',
    })
  })
})
