import assert from 'node:assert/strict'
import {LOCK_LIMIT, type LockedRequest, largestLock} from '../../../../src/lib/domain/roll/lock.ts'
import {chooseNodes, planRoll, type RollRequest} from '../../../../src/lib/domain/roll/plan.ts'
import {judgePreflight} from '../../../../src/lib/domain/roll/preflight.ts'
import {FakeCluster} from '../../../support/fake-cluster.ts'
import {RollRig} from '../../../support/fake-roll.ts'
import {identity} from '../../../support/roll-events.ts'
import {viewOf} from '../../../support/roll-view.ts'

const locked: LockedRequest = {
  strategy: 'instance-refresh',
  drain: 'auto',
  settleMs: 120_000,
  acceptedLoss: [],
  acceptsUnseen: false,
  acceptsOldServers: false,
  checksBootstrap: true,
}
const request: RollRequest = {...locked, only: [], onlyOutdated: false}

describe('the largest lock of a roll', () => {
  it('is what no lock of a whole roll exceeds, and not much more', async () => {
    const cluster = new FakeCluster()
    const rig = new RollRig(cluster)
    const identities = cluster.nodes.map(({name, instance}) => ({
      ...identity(name, 1),
      asg: `${name}-asg`,
      instanceId: instance.id,
    }))
    const bound = largestLock('c', rig.request, identities)
    let largest = 0
    rig.onEvent = () => {
      for (const {value} of rig.store.parameters.values()) largest = Math.max(largest, value.length)
    }
    assert.equal(await rig.run(), 0, rig.lastError?.message)
    assert.ok(largest > 400 && largest <= bound, `${largest} of ${bound}`)
    assert.ok(bound < largest + 600, `${largest} of ${bound}`)
  })

  it('leaves room for a roll of the usual three nodes, and counts bytes', () => {
    const names = ['nats-prod-node-1', 'nats-prod-node-2', 'nats-prod-node-3']
    const identities = names.map((name, index) => identity(name, index + 1))
    assert.ok(largestLock('nats-prod', locked, identities) < LOCK_LIMIT / 2)
    const [plain, wide] = ['a', '木'].map((letter) => ({...locked, acceptedLoss: [letter.repeat(100)]}))
    assert.ok(plain && wide)
    assert.equal(largestLock('c', wide, identities) - largestLock('c', plain, identities), 200)
  })

  it('refuses a roll in PREFLIGHT that could not write it', () => {
    const cluster = new FakeCluster()
    const acceptedLoss = Array.from({length: 200}, (_, n) => `APP/a-stream-of-some-length-${n}`)
    const tooMuch = {...request, acceptedLoss}
    const view = viewOf(cluster)
    const blockers = judgePreflight(view, cluster.targets, chooseNodes(view, cluster.targets, tooMuch), tooMuch)
    assert.deepEqual(
      blockers.map(({id, title}) => [id, title]),
      [['I8', 'the lock fits into its parameter']],
    )
    assert.match(blockers[0]?.reasons.join() ?? '', /^it can come to \d{4} characters, an SSM parameter takes 4096$/)
    assert.deepEqual(judgePreflight(view, cluster.targets, ['c-node-1'], request), [])
  })
})

describe('a settle shorter than the runbook’s', () => {
  const warnings = (changes: Partial<RollRequest>): readonly string[] => {
    const cluster = new FakeCluster()
    return planRoll(viewOf(cluster), cluster.targets, {...request, ...changes}, {account: '1', region: 'r'}, [], null)
      .warnings
  }

  it('is a warning of the plan, never silent', () => {
    assert.deepEqual(warnings({settleMs: 119_500}), [
      '119.5 s between two nodes is less than the 120 s advised: what breaks later than that is found with the next node away',
    ])
  })

  it('is none where it is long enough, or no second node follows', () => {
    assert.deepEqual(warnings({settleMs: 120_000}), [])
    assert.deepEqual(warnings({settleMs: 1000, only: ['c-node-2']}), [])
  })
})
