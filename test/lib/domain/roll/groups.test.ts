import assert from 'node:assert/strict'
import {answered} from '../../../../src/lib/domain/answer.ts'
import type {
  AutoScalingGroup,
  AwsNodeObservation,
  GroupInstance,
  Instance,
} from '../../../../src/lib/domain/observation.ts'
import {groupsAreAtRest} from '../../../../src/lib/domain/roll/groups.ts'
import {FakeCluster} from '../../../support/fake-cluster.ts'
import {subjectIn, viewOf} from '../../../support/roll-view.ts'

interface Bent {
  readonly group?: Partial<AutoScalingGroup>
  readonly member?: Partial<GroupInstance>
  readonly instance?: Partial<Instance>
}

/** What keeps c-node-3 from being taken away, where AWS says this of one node. */
function reasonsWith(node: string, {group = {}, member = {}, instance = {}}: Bent): readonly string[] {
  return reasonsOf((seen) =>
    seen.map((entry) =>
      entry.node === node && entry.group
        ? {
            ...entry,
            group: {...entry.group, instances: entry.group.instances.map((each) => ({...each, ...member})), ...group},
            instances: entry.instances.map((each) => ({...each, ...instance})),
          }
        : entry,
    ),
  )
}

function reasonsOf(bend: (seen: readonly AwsNodeObservation[]) => readonly AwsNodeObservation[]): readonly string[] {
  const cluster = new FakeCluster()
  const view = {...viewOf(cluster), aws: answered(bend(cluster.observeAws()), cluster.now)}
  const {holds, reasons} = groupsAreAtRest(view, subjectIn(cluster))
  assert.equal(holds, reasons.length === 0)
  return reasons
}

describe('Auto Scaling groups at rest', () => {
  const signs: readonly (Bent & {readonly says: readonly string[]})[] = [
    {member: {health: 'Unhealthy'}, says: ['c-node-2-asg calls i-4 Unhealthy and may replace it at any moment']},
    {member: {health: 'unknown'}, says: ['c-node-2-asg calls i-4 unknown and may replace it at any moment']},
    ...['pending', 'stopping', 'stopped', 'shutting-down', 'terminated', 'unknown'].map((state) => ({
      instance: {state},
      says: [`i-4 in c-node-2-asg is ${state}, running is expected`],
    })),
    {instance: {systemStatus: 'impaired'}, says: ['the system status check of i-4 in c-node-2-asg is impaired']},
    {instance: {instanceStatus: 'impaired'}, says: ['the instance status check of i-4 in c-node-2-asg is impaired']},
    {group: {desired: 0}, says: ['c-node-2-asg desires 0 instances, 1 is expected']},
    {instance: {id: 'i-9'}, says: ["i-4 in c-node-2-asg is not in EC2's answer"]},
  ]
  for (const {says, ...bent} of signs) {
    it(`are not, where AWS may be about to take a sibling: ${says}`, () => {
      assert.deepEqual(reasonsWith('c-node-2', bent), says)
    })
  }

  it('are not known where a sibling is missing from the answer', () => {
    assert.deepEqual(
      reasonsOf((seen) => seen.filter(({node}) => node !== 'c-node-2')),
      ['c-node-2 has no Auto Scaling group'],
    )
  })

  for (const status of ['ok', 'initializing', 'insufficient-data', 'not-applicable', undefined]) {
    it(`are, where the status checks of a sibling that was launched a minute ago say ${status}`, () => {
      assert.deepEqual(reasonsWith('c-node-2', {instance: {systemStatus: status, instanceStatus: status}}), [])
    })
  }

  it('are, whatever AWS thinks of the instance that is to go', () => {
    const ill = {member: {health: 'Unhealthy'}, instance: {state: 'stopped', systemStatus: 'impaired'}}
    assert.deepEqual(reasonsWith('c-node-3', ill), [])
    assert.deepEqual(reasonsWith('c-node-3', {instance: {id: 'i-9'}}), [])
  })
})
