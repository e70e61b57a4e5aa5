import assert from 'node:assert/strict'
import {judgeHealth} from '../../../../src/lib/domain/health.ts'
import type {
  AutoScalingGroup,
  AwsNodeObservation,
  InstanceRefresh,
  ScalingActivity,
} from '../../../../src/lib/domain/observation.ts'
import {healthyAws, NOW} from '../../../support/observations.ts'
import {situation} from '../../../support/situation.ts'
import {findingsOf} from './lines.ts'

/** AWS with one node's view changed. */
function aws(change: (node: AwsNodeObservation) => Partial<AwsNodeObservation>, name = 'n2') {
  return healthyAws().map((each) => (each.node === name ? {...each, ...change(each)} : each))
}

function group(changes: Partial<AutoScalingGroup>) {
  return aws((node) => ({group: node.group && {...node.group, ...changes}}))
}

function findings(observed: readonly AwsNodeObservation[], nodesWarning?: string): readonly string[] {
  return findingsOf({input: {aws: observed, nodesWarning}})
}

function activity(changes: Partial<ScalingActivity>): ScalingActivity {
  return {
    id: 'a1',
    group: 'n2-asg',
    description: 'Launching a new EC2 instance',
    cause: 'an instance was taken out of service',
    status: 'InProgress',
    statusMessage: undefined,
    startedAt: NOW - 60_000,
    endedAt: undefined,
    progressPercent: 30,
    ...changes,
  }
}

function refresh(name: string): InstanceRefresh {
  return {
    id: `r-${name}`,
    group: `${name}-asg`,
    status: 'InProgress',
    statusReason: undefined,
    startedAt: NOW,
    endedAt: undefined,
    percent: 50,
  }
}

describe('health of the AWS side', () => {
  it('misses the group of a node, or all of them', () => {
    assert.deepEqual(findings(aws(() => ({group: undefined}))), [
      'warning | asg-missing | n2 | has no Auto Scaling group of its name',
    ])
    assert.deepEqual(
      findings(
        healthyAws().map((each) => ({...each, group: undefined})),
        'no Auto Scaling group named like test-node-1-asg in us-east-2',
      ),
      ['warning | asg-missing | n1,n2,n3 | no Auto Scaling group named like test-node-1-asg in us-east-2'],
    )
  })

  it('passes on that the list of nodes and the groups disagree', () => {
    assert.deepEqual(
      findings(healthyAws(), 'there is Auto Scaling group n4-asg in us-east-2, but no such node is configured'),
      [
        'warning | nodes-uncertain | - | there is Auto Scaling group n4-asg in us-east-2, but no such node is configured',
      ],
    )
  })

  it('wants exactly one instance, in service', () => {
    const [instance] = healthyAws()[1]?.group?.instances ?? []
    assert.ok(instance)
    assert.deepEqual(findings(group({instances: []})), [
      'warning | asg-instances | n2 | n2-asg has instances: none; desired 1 (exactly one InService expected)',
    ])
    assert.deepEqual(findings(group({instances: [{...instance, lifecycle: 'Pending:Wait'}]})), [
      'warning | asg-instances | n2 | n2-asg has instances: Pending:Wait; desired 1 (exactly one InService expected)',
    ])
    assert.deepEqual(findings(group({desired: 2, instances: [instance, {...instance, id: 'i-9'}]})), [
      'warning | asg-instances | n2 | n2-asg has instances: InService, InService; desired 2 (exactly one InService expected)',
    ])
    assert.deepEqual(findings(group({instances: [{...instance, health: 'Unhealthy'}]})), [
      'warning | asg-instance-unhealthy | n2 | instance i-0002 is Unhealthy in the eyes of its Auto Scaling group',
    ])
  })

  it('reports suspended processes that keep a dead node dead', () => {
    assert.deepEqual(findings(group({suspended: ['Terminate', 'AZRebalance', 'Launch']})), [
      'warning | asg-suspended | n2 | n2-asg has processes suspended: Launch, Terminate',
    ])
    assert.deepEqual(findings(group({suspended: ['AZRebalance']})), [])
  })

  it('tells of an activity under way', () => {
    assert.deepEqual(findings(aws(() => ({activities: [activity({})]}))), [
      'info | asg-activity | n2 | Launching a new EC2 instance: InProgress, 30%; an instance was taken out of service',
    ])
  })

  it('reports the last activity where it failed, with its text, for an hour', () => {
    const failed = activity({status: 'Failed', statusMessage: 'InsufficientInstanceCapacity', endedAt: NOW - 50_000})
    assert.deepEqual(findings(aws(() => ({activities: [failed]}))), [
      'warning | asg-activity-failed | n2 | Launching a new EC2 instance: Failed, InsufficientInstanceCapacity',
    ])
    const later = activity({id: 'a2', status: 'Successful', startedAt: NOW - 20_000, endedAt: NOW})
    assert.deepEqual(findings(aws(() => ({activities: [later, failed]}))), [])
    assert.deepEqual(findings(aws(() => ({activities: [{...failed, startedAt: NOW - 3_600_001}]}))), [])
  })

  it('tells of one refresh and warns of two at once', () => {
    const one = aws(() => ({refreshes: [refresh('n2')]}))
    assert.deepEqual(findings(one), ['info | asg-refresh | n2 | 1 instance refresh running: n2 InProgress 50%'])
    const two = one.map((each) => (each.node === 'n3' ? {...each, refreshes: [refresh('n3')]} : each))
    assert.deepEqual(findings(two), [
      'warning | asg-refresh | n2,n3 | 2 instance refreshes running: n2 InProgress 50%, n3 InProgress 50%',
    ])
    const over = aws(() => ({refreshes: [{...refresh('n2'), status: 'Successful'}]}))
    assert.deepEqual(findings(over), [])
  })

  it('reports status checks of the instance in service, not of one that has gone', () => {
    const impaired = aws(({instances}) => ({instances: instances.map((each) => ({...each, systemStatus: 'impaired'}))}))
    assert.deepEqual(findings(impaired), [
      'warning | ec2-impaired | n2 | instance i-0002 is running; status checks: system impaired, instance ok',
    ])
    const gone = aws(({instances}) => ({
      instances: [...instances, ...instances.map((each) => ({...each, id: 'i-old', state: 'terminated'}))],
    }))
    assert.deepEqual(findings(gone), [])
    const starting = aws(({instances}) => ({
      instances: instances.map((each) => ({...each, systemStatus: 'initializing', instanceStatus: 'initializing'})),
    }))
    assert.deepEqual(findings(starting), [])
  })

  it('reports nodes on different instance types', () => {
    const larger = aws((node) => ({
      group: node.group && {
        ...node.group,
        instances: node.group.instances.map((each) => ({...each, type: 'm8gd.large'})),
      },
    }))
    assert.deepEqual(findings(larger), [
      'warning | instance-type-differs | n1,n2,n3 | 2 instance types: m8gd.large (n2), m8gd.medium (n1, n3)',
    ])
  })

  it('says that AWS was not asked without holding it against the cluster', () => {
    const skipped = {kind: 'skipped', message: 'AWS was not asked: --no-aws', suggestions: []} as const
    assert.deepEqual(findingsOf({input: {aws: undefined, awsProblem: skipped}}), [
      'info | aws-not-asked | - | AWS was not asked (--no-aws)',
    ])
    const none = {kind: 'no-credentials', message: 'ec2: no credentials', suggestions: ['aws configure']} as const
    const report = judgeHealth(situation({input: {aws: undefined, awsProblem: none}}))
    assert.equal(report.verdict, 'ok')
    assert.deepEqual(report.aws, {asked: false, problem: 'ec2: no credentials'})
    assert.equal(report.findings[0]?.next, 'aws configure')
  })

  it('shows a refused or expired login, with the command that mends it', () => {
    const failed = {
      kind: 'failed',
      message: 'ec2:DescribeInstances: the credentials of profile prod have expired',
      suggestions: ['aws sso login --profile prod'],
    } as const
    const report = judgeHealth(situation({input: {aws: undefined, awsProblem: failed}}))
    assert.equal(report.verdict, 'degraded')
    assert.deepEqual(
      report.findings.map(({severity, code, message, next}) => ({severity, code, message, next})),
      [{severity: 'warning', code: 'aws-failed', message: failed.message, next: 'aws sso login --profile prod'}],
    )
  })
})
