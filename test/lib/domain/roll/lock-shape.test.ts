import assert from 'node:assert/strict'
import {formatLock, type LockDocument} from '../../../../src/lib/domain/roll/lock.ts'
import {findStranger, parseLock} from '../../../../src/lib/domain/roll/lock-shape.ts'
import {identity, ROLL} from '../../../support/roll-events.ts'
import {LOCKED_REQUEST} from '../../../support/roll-locks.ts'

const lock: LockDocument = {
  format: 1,
  purpose: 'roll',
  roll: ROLL,
  cluster: 'c',
  holder: {user: 'anna', host: 'laptop', pid: 7},
  startedAt: 1_700_000_000_000,
  heartbeatAt: 1_700_000_000_000,
  request: {...LOCKED_REQUEST, acceptedLoss: ['APP/audit']},
  remaining: ['c-node-1'],
  done: ['c-node-2'],
  instances: ['i-0123456789abcdef0', ''],
  current: {identity: identity('c-node-1', 1), intended: false, stopped: true},
  handedOver: true,
  beat: 3,
}

/** The lock with the value at a path of keys replaced. */
function bent(path: string, value: unknown): string {
  const keys = path.split('.')
  const last = keys.pop() ?? ''
  const copy = JSON.parse(formatLock(lock))
  let place = copy
  for (const key of keys) place = place[key]
  place[last] = value
  return JSON.stringify(copy)
}

describe('a lock as it is read', () => {
  it('is the document that was written', () => {
    assert.deepEqual(parseLock(formatLock(lock), 'c'), {document: JSON.parse(formatLock(lock))})
  })

  it('may lack what older versions did not note, and what is not known', () => {
    for (const path of ['purpose', 'instances', 'current', 'request.acceptsUnseen', 'current.identity.serverId'])
      assert.ok('document' in parseLock(bent(path, undefined), 'c'), path)
  })

  const wrong: readonly (readonly [path: string, value: unknown, says: string])[] = [
    ['format', 2, 'format is not one of 1'],
    ['purpose', 'raid', 'purpose is not one of roll, drain'],
    ['roll', '../../x', 'roll is not the id of a roll'],
    ['cluster', '../../../outside', 'cluster is not c'],
    ['cluster', 7, 'cluster is not a name'],
    ['holder', null, 'holder is no object'],
    ['holder.pid', 0, 'holder.pid is not a whole number from 1 to 2147483647'],
    ['holder.pid', -1, 'holder.pid is not a whole number from 1 to 2147483647'],
    ['startedAt', 1e300, 'startedAt is not a whole number from 0 to 8640000000000000'],
    ['heartbeatAt', 'now', 'heartbeatAt is not a whole number from 0 to 8640000000000000'],
    ['request', undefined, 'request is no object'],
    ['request.strategy', 'force', 'request.strategy is not one of terminate, instance-refresh'],
    ['request.drain', 'never', 'request.drain is not one of auto, ssm, api, none'],
    ['request.settleMs', 0, 'request.settleMs is less than 1000'],
    ['request.settleMs', -1, 'request.settleMs is not a whole number from 0 to 86400000'],
    ['request.settleMs', 86_400_001, 'request.settleMs is not a whole number from 0 to 86400000'],
    ['request.acceptedLoss', 'audit', 'request.acceptedLoss is no list'],
    ['request.acceptedLoss', ['a', 1], 'request.acceptedLoss[1] is not a name'],
    ['request.acceptsUnseen', 'yes', 'request.acceptsUnseen is not true or false'],
    ['request.acceptsOldServers', 1, 'request.acceptsOldServers is not true or false'],
    ['request.checksBootstrap', undefined, 'request.checksBootstrap is not true or false'],
    ['remaining', {}, 'remaining is no list'],
    ['remaining', [''], 'remaining[0] is not a name'],
    ['done', [null], 'done[0] is not a name'],
    ['instances', ['i-1', '$(x)'], 'instances[1] is not the id of an instance'],
    ['current', 'c-node-1', 'current is no object'],
    ['current.stopped', undefined, 'current.stopped is not true or false'],
    ['current.intended', 'no', 'current.intended is not true or false'],
    ['current.identity.node', 1, 'current.identity.node is not a name'],
    ['current.identity.asg', undefined, 'current.identity.asg is not a text'],
    ['current.identity.instanceId', 'i-1; reboot', 'current.identity.instanceId is not the id of an instance'],
    [
      'current.identity.serverStartedAt',
      '1',
      'current.identity.serverStartedAt is not a whole number from 0 to 8640000000000000',
    ],
    ['handedOver', 'true', 'handedOver is not true or false'],
    ['beat', 1.5, 'beat is not a whole number from 0 to 9007199254740991'],
  ]
  for (const [path, value, says] of wrong) {
    it(`is none where ${says}: ${JSON.stringify(value)}`, () => {
      assert.deepEqual(parseLock(bent(path, value), 'c'), {wrong: says})
    })
  }

  it('is none where the text is no JSON, or no object', () => {
    assert.deepEqual(parseLock('{', 'c'), {wrong: 'it is no JSON'})
    assert.deepEqual(parseLock('null', 'c'), {wrong: 'the document is no object'})
  })

  it('needs no settle for a drain', () => {
    const drain = {...lock, purpose: 'drain', request: {...lock.request, settleMs: 0}} as const
    assert.ok('document' in parseLock(formatLock(drain), 'c'))
  })

  it('names a stranger among the nodes that would be acted on, and none that are done', () => {
    const nodes = [{name: 'c-node-1'}]
    const {current} = lock
    assert.equal(findStranger(lock, nodes), undefined)
    assert.equal(findStranger({remaining: ['c-node-1', 'x'], current}, nodes), 'remaining[1] is no node of the cluster')
    const stranger = findStranger({remaining: [], current}, [{name: 'c-node-3'}])
    assert.equal(stranger, 'current.identity.node is no node of the cluster')
  })
})
