import assert from 'node:assert/strict'
import Roll from '../../src/commands/roll/index.ts'
import type {LockedRequest} from '../../src/lib/domain/roll/lock.ts'
import {Exit} from '../../src/lib/errors.ts'
import {LOCK} from './lock-store.ts'
import type {RollScene} from './roll-scene.ts'
import {runCommand} from './run.ts'

/** A roll of this machine that was held while AWS launched nothing: one node is away. */
export async function hold(scene: RollScene): Promise<void> {
  scene.cluster.launches = false
  assert.equal((await runCommand(Roll, ['--confirm', 'c'], scene.wiring())).exitCode, Exit.heldDegraded)
}

/** A roll that was allowed nothing out of the ordinary. */
export const LOCKED_REQUEST: LockedRequest = {
  strategy: 'terminate',
  drain: 'auto',
  settleMs: 1000,
  acceptedLoss: [],
  acceptsUnseen: false,
  acceptsOldServers: false,
  checksBootstrap: true,
}

/** Somebody else's roll: alive until its lock is seen to stand still. */
export function otherLock(scene: RollScene, changes: object = {}): object {
  return {
    format: 1,
    roll: '20260102-030405-abc123',
    cluster: 'c',
    holder: {user: 'ben', host: 'desk', pid: 99},
    startedAt: scene.clock.now() - 90_000,
    heartbeatAt: scene.clock.now() - 20_000,
    request: LOCKED_REQUEST,
    remaining: ['c-node-3', 'c-node-1'],
    done: ['c-node-2'],
    handedOver: false,
    beat: 3,
    ...changes,
  }
}

/** While the operator is asked, somebody else writes the lock; they agree to what they were shown. */
export function rewriteLock(scene: RollScene, document: object): string {
  const version = (scene.store.parameters.get(LOCK)?.version ?? 0) + 1
  scene.store.parameters.set(LOCK, {name: LOCK, value: JSON.stringify(document), version, secure: false})
  return 'c'
}

/** The node as a roll declares it in its lock. */
export function currentOf(scene: RollScene, name: string, changes: object = {}): object {
  const {instance, serverId, startedAt, version} = scene.cluster.node(name)
  const identity = {
    node: name,
    asg: `${name}-asg`,
    instanceId: instance.id,
    privateIp: instance.ip,
    serverId,
    serverStartedAt: startedAt,
    version,
  }
  return {identity, intended: false, stopped: false, ...changes}
}
