import assert from 'node:assert/strict'
import {toActivity, toGroup, toGroupInstance, toRefresh} from '../../../../src/lib/clients/aws/auto-scaling.ts'
import {toInstance} from '../../../../src/lib/clients/aws/ec2.ts'
import {chunksOf, nameSome} from '../../../../src/lib/clients/aws/lists.ts'
import {mayRepeat} from '../../../../src/lib/clients/aws/retries.ts'
import {toParameter} from '../../../../src/lib/clients/aws/ssm.ts'

const at = new Date('2026-03-01T12:00:00.500Z')
const later = new Date('2026-03-01T12:01:00Z')

describe("the SDK's shapes in our words", () => {
  it('a parameter, with the selector it was asked for by', () => {
    assert.deepEqual(toParameter({Name: '/a', Selector: ':3', Value: 'v', Version: 3, Type: 'SecureString'}), {
      name: '/a:3',
      value: 'v',
      version: 3,
      secure: true,
    })
    assert.deepEqual(toParameter({Name: '/a', Type: 'StringList'}), {name: '/a', value: '', version: 0, secure: false})
  })

  it('a group with everything', () => {
    assert.deepEqual(
      toGroup({
        AutoScalingGroupName: 'c-node-1-asg',
        DesiredCapacity: 1,
        MinSize: 0,
        MaxSize: 2,
        Instances: [
          {
            InstanceId: 'i-1',
            LifecycleState: 'Pending:Wait',
            HealthStatus: 'Healthy',
            AvailabilityZone: 'us-east-2a',
            ProtectedFromScaleIn: true,
            InstanceType: 'm8gd.medium',
            LaunchTemplate: {Version: '7'},
          },
        ],
        SuspendedProcesses: [{ProcessName: 'Launch', SuspensionReason: 'someone'}, {}],
      }),
      {
        name: 'c-node-1-asg',
        desired: 1,
        minimum: 0,
        maximum: 2,
        instances: [
          {
            id: 'i-1',
            lifecycle: 'Pending:Wait',
            health: 'Healthy',
            zone: 'us-east-2a',
            protectedFromScaleIn: true,
            type: 'm8gd.medium',
            launchTemplateVersion: '7',
          },
        ],
        suspended: ['Launch'],
      },
    )
  })

  it('a group and an instance of which nothing is said', () => {
    assert.deepEqual(toGroup({}), {name: '', desired: 0, minimum: 0, maximum: 0, instances: [], suspended: []})
    assert.deepEqual(toGroupInstance({}), {
      id: '',
      lifecycle: 'unknown',
      health: 'unknown',
      zone: '',
      protectedFromScaleIn: false,
      type: undefined,
      launchTemplateVersion: undefined,
    })
  })

  it('an activity, times in milliseconds', () => {
    assert.deepEqual(
      toActivity({
        ActivityId: 'a',
        AutoScalingGroupName: 'g',
        Description: 'Launching',
        Cause: 'At ...',
        StatusCode: 'Failed',
        StatusMessage: 'InsufficientInstanceCapacity',
        StartTime: at,
        EndTime: later,
        Progress: 100,
      }),
      {
        id: 'a',
        group: 'g',
        description: 'Launching',
        cause: 'At ...',
        status: 'Failed',
        statusMessage: 'InsufficientInstanceCapacity',
        startedAt: at.getTime(),
        endedAt: later.getTime(),
        progressPercent: 100,
      },
    )
    assert.deepEqual(toActivity({}), {
      id: '',
      group: '',
      description: '',
      cause: '',
      status: 'unknown',
      statusMessage: undefined,
      startedAt: 0,
      endedAt: undefined,
      progressPercent: 0,
    })
  })

  it('a refresh that has not started', () => {
    assert.deepEqual(toRefresh({InstanceRefreshId: 'r', Status: 'Pending'}, 'g'), {
      id: 'r',
      group: 'g',
      status: 'Pending',
      statusReason: undefined,
      startedAt: undefined,
      endedAt: undefined,
      percent: undefined,
    })
  })

  it('an instance with and without status checks', () => {
    const instance = {
      InstanceId: 'i-1',
      State: {Name: 'running'},
      InstanceType: 'm8gd.medium',
      Placement: {AvailabilityZone: 'us-east-2a'},
      PrivateIpAddress: '10.0.1.7',
      LaunchTime: at,
      Tags: [
        {Key: 'Team', Value: 'x'},
        {Key: 'Name', Value: 'c-node-1'},
      ],
    } as const
    const known = {
      id: 'i-1',
      name: 'c-node-1',
      state: 'running',
      type: 'm8gd.medium',
      zone: 'us-east-2a',
      privateIp: '10.0.1.7',
      launchedAt: at.getTime(),
    }
    const status = {SystemStatus: {Status: 'ok'}, InstanceStatus: {Status: 'initializing'}} as const
    assert.deepEqual(toInstance({...instance, Tags: [...instance.Tags]}, status), {
      ...known,
      systemStatus: 'ok',
      instanceStatus: 'initializing',
    })
    assert.deepEqual(toInstance({...instance, Tags: [...instance.Tags]}, undefined), {
      ...known,
      systemStatus: undefined,
      instanceStatus: undefined,
    })
    assert.deepEqual(toInstance({}, undefined), {
      id: '',
      name: undefined,
      state: 'unknown',
      type: 'unknown',
      zone: '',
      privateIp: undefined,
      launchedAt: 0,
      systemStatus: undefined,
      instanceStatus: undefined,
    })
  })

  it('lists in pieces, and names for a message', () => {
    assert.deepEqual(chunksOf([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]])
    assert.deepEqual(chunksOf([], 2), [])
    assert.equal(nameSome(['/a']), '/a')
    assert.equal(nameSome(['/a', '/b', '/c', '/d']), '/a, /b and 2 more')
  })
})

describe('what is sent again', () => {
  const throttled = {errorType: 'THROTTLING', error: new Error('slow down')} as const
  const reset = {
    errorType: 'TRANSIENT',
    error: Object.assign(new Error('x'), {name: 'TimeoutError', code: 'ECONNRESET'}),
  } as const
  const refused = {errorType: 'TRANSIENT', error: Object.assign(new Error('x'), {code: 'ECONNREFUSED'})} as const
  const silent = {
    errorType: 'TRANSIENT',
    error: Object.assign(new Error('x'), {name: 'TimeoutError', code: 'ETIMEDOUT'}),
  } as const
  const stalled = {errorType: 'TRANSIENT', error: Object.assign(new Error('x'), {name: 'TimeoutError'})} as const
  const broken = {errorType: 'TRANSIENT', error: new Error('500')} as const

  it('a reading: everything but a request that ran into its time limit', () => {
    const outcomes = [throttled, reset, refused, broken, silent, stalled].map((info) => mayRepeat(info, 'repeat'))
    assert.deepEqual(outcomes, [true, true, true, true, false, false])
  })

  it('a change: only what AWS surely did not do', () => {
    const outcomes = [throttled, refused, reset, broken, silent, stalled].map((info) => mayRepeat(info, 'once'))
    assert.deepEqual(outcomes, [true, true, false, false, false, false])
  })
})
