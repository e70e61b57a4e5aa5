import assert from 'node:assert/strict'
import {FakeCluster} from '../../../support/fake-cluster.ts'
import {RollRig} from '../../../support/fake-roll.ts'

describe('runRoll', () => {
  it('replaces every node, the meta leader last, and releases the lock', async () => {
    const cluster = new FakeCluster()
    const before = new Map(cluster.nodes.map(({name, instance}) => [name, instance.id]))
    const rig = new RollRig(cluster)

    assert.equal(await rig.run(), 0, rig.lastError?.message)

    assert.deepEqual(cluster.violations, [])
    assert.deepEqual(new Set(cluster.terminated), new Set(before.values()))
    assert.equal(cluster.terminated.at(-1), before.get('c-node-1'))
    assert.equal(rig.store.parameters.size, 0)
  })
})
