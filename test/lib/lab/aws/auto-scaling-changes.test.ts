import assert from 'node:assert/strict'
import {
  DescribeScalingActivitiesCommand,
  ResumeProcessesCommand,
  SetInstanceProtectionCommand,
  SuspendProcessesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling'
import {AutoScalingLab, group} from './support/auto-scaling-lab.ts'

describe('Auto Scaling of the lab', () => {
  let lab: AutoScalingLab
  beforeEach(async () => {
    lab = await AutoScalingLab.open()
  })
  afterEach(() => lab.close())

  it('terminates an instance and shows the replacement through its states', async () => {
    const old = lab.memberOf(group)
    const {Activity} = await lab.terminate(old)
    assert.match(Activity?.ActivityId ?? '', /^[0-9a-f-]{36}$/)
    assert.deepEqual(JSON.parse(Activity?.Details ?? ''), {
      'Subnet ID': (await lab.groups(group))[0]?.VPCZoneIdentifier,
      'Availability Zone': 'us-east-2a',
    })
    const {ActivityId: _id, Details: _details, AutoScalingGroupARN: _arn, ...rest} = Activity ?? {}
    assert.deepEqual(rest, {
      AutoScalingGroupName: group,
      Description: `Terminating EC2 instance: ${old}`,
      Cause: `At 2026-03-01T09:00:00Z instance ${old} was taken out of service in response to a user request.`,
      StartTime: new Date('2026-03-01T09:00:00Z'),
      StatusCode: 'InProgress',
      Progress: 0,
    })
    await lab.clock.advance(1000)
    const [pending] = (await lab.groups(group))[0]?.Instances ?? []
    assert.equal(pending?.LifecycleState, 'Pending')
    assert.notEqual(pending?.InstanceId, old)
    assert.deepEqual(
      (await lab.activities({MaxRecords: 2})).map(({Description, StatusCode, EndTime}) => [
        Description,
        StatusCode,
        EndTime,
      ]),
      [
        [`Launching a new EC2 instance: ${pending?.InstanceId}`, 'PreInService', undefined],
        [`Terminating EC2 instance: ${old}`, 'Successful', new Date('2026-03-01T09:00:00Z')],
      ],
    )
    await lab.clock.advance(1000)
    assert.equal((await lab.groups(group))[0]?.Instances?.[0]?.LifecycleState, 'InService')
    assert.deepEqual(lab.host.diary, ['terminate c-node-1', 'launch c-node-1'])
  })

  it('pages activities, newest first, of one group or of all', async () => {
    for (let count = 0; count < 3; count++) {
      await lab.terminate(lab.memberOf(group))
      await lab.clock.advance(5000)
    }
    const all = await lab.activities()
    assert.equal(all.length, 7)
    assert.deepEqual(
      all.map(({StartTime}) => StartTime?.getTime() ?? 0),
      all.map(({StartTime}) => StartTime?.getTime() ?? 0).sort((one, other) => other - one),
    )
    const paged: (string | undefined)[] = []
    let NextToken: string | undefined
    do {
      const page = await lab.client.send(
        new DescribeScalingActivitiesCommand({AutoScalingGroupName: group, MaxRecords: 3, NextToken}),
      )
      paged.push(...(page.Activities ?? []).map(({ActivityId}) => ActivityId))
      NextToken = page.NextToken
    } while (NextToken)
    assert.deepEqual(
      paged,
      all.map(({ActivityId}) => ActivityId),
    )
    assert.equal((await lab.activities({AutoScalingGroupName: undefined})).length, 9)
    assert.deepEqual(await lab.activities({AutoScalingGroupName: 'none'}), [])
    assert.equal((await lab.activities({ActivityIds: [paged[4]]})).length, 1)
  })

  it('shows why a launch failed, whatever characters are in the reason', async () => {
    lab.host.beforeLaunch = () => {
      throw new Error('<no> "room" & \u001b[31mred')
    }
    await lab.terminate(lab.memberOf(group))
    await lab.clock.advance(2000)
    const [failed] = await lab.activities()
    assert.deepEqual([failed?.StatusCode, failed?.StatusMessage], ['Failed', '<no> "room" & \ufffd[31mred'])
  })

  it('refuses to terminate as AWS does', async () => {
    const refused = (name: string, message: RegExp) => (error: Error) => {
      assert.equal(error.name, name)
      assert.match(error.message, message)
      return true
    }
    await assert.rejects(
      lab.terminate('i-0123456789abcdef0'),
      refused(
        'ValidationError',
        /^Instance Id not found - No managed instance found for instance ID: i-0123456789abcdef0$/,
      ),
    )
    await assert.rejects(
      lab.terminate(lab.memberOf(group), true),
      refused('ValidationError', /^Currently, desiredSize equals minSize/),
    )
    await assert.rejects(
      lab.terminate(undefined),
      refused('ValidationError', /'instanceId' failed to satisfy constraint: Member must not be null/),
    )
    const bare = new TerminateInstanceInAutoScalingGroupCommand({
      InstanceId: lab.memberOf(group),
      ShouldDecrementDesiredCapacity: undefined,
    })
    await assert.rejects(lab.client.send(bare), refused('ValidationError', /'shouldDecrementDesiredCapacity'/))
    const id = lab.memberOf(group)
    lab.host.beforeTerminate = () => new Promise(() => {})
    await lab.terminate(id)
    await assert.rejects(lab.terminate(id), {name: /^ScalingActivityInProgress/})
  })

  it('suspends and resumes processes', async () => {
    const name = {AutoScalingGroupName: group}
    await lab.client.send(new SuspendProcessesCommand({...name, ScalingProcesses: ['Launch', 'Terminate']}))
    assert.deepEqual((await lab.groups(group))[0]?.SuspendedProcesses, [
      {ProcessName: 'Launch', SuspensionReason: 'User suspended at 2026-03-01T09:00:00Z'},
      {ProcessName: 'Terminate', SuspensionReason: 'User suspended at 2026-03-01T09:00:00Z'},
    ])
    await lab.client.send(new ResumeProcessesCommand({...name, ScalingProcesses: ['Launch']}))
    assert.deepEqual(
      (await lab.groups(group))[0]?.SuspendedProcesses?.map((one) => one.ProcessName),
      ['Terminate'],
    )
    await lab.client.send(new SuspendProcessesCommand(name))
    assert.equal((await lab.groups(group))[0]?.SuspendedProcesses?.length, 9)
    await lab.client.send(new ResumeProcessesCommand(name))
    assert.deepEqual((await lab.groups(group))[0]?.SuspendedProcesses, [])
    const wrong = new SuspendProcessesCommand({...name, ScalingProcesses: ['Lunch']})
    await assert.rejects(lab.client.send(wrong), {name: 'ValidationError'})
    const nowhere = new SuspendProcessesCommand({AutoScalingGroupName: 'none'})
    await assert.rejects(lab.client.send(nowhere), {
      name: 'ValidationError',
      message: "AutoScalingGroup name not found - AutoScalingGroup 'none' not found",
    })
  })

  it('protects an instance from scale-in, which does not stop a user', async () => {
    const InstanceIds = [lab.memberOf(group)]
    const protect = (ProtectedFromScaleIn: boolean, ids = InstanceIds) =>
      lab.client.send(
        new SetInstanceProtectionCommand({AutoScalingGroupName: group, InstanceIds: ids, ProtectedFromScaleIn}),
      )
    await protect(true)
    assert.equal((await lab.groups(group))[0]?.Instances?.[0]?.ProtectedFromScaleIn, true)
    await protect(false)
    assert.equal((await lab.groups(group))[0]?.Instances?.[0]?.ProtectedFromScaleIn, false)
    await assert.rejects(protect(true, [lab.memberOf('c-node-2-asg')]), {name: 'ValidationError'})
    await protect(true)
    assert.equal((await lab.terminate(InstanceIds[0])).Activity?.StatusCode, 'InProgress')
  })
})
