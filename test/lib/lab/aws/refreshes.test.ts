import assert from 'node:assert/strict'
import {
  AutoScalingClient,
  CancelInstanceRefreshCommand,
  DescribeInstanceRefreshesCommand,
  type RefreshPreferences,
  StartInstanceRefreshCommand,
} from '@aws-sdk/client-auto-scaling'
import {DescribeLaunchTemplatesCommand, DescribeLaunchTemplateVersionsCommand, EC2Client} from '@aws-sdk/client-ec2'
import type {AwsWorld} from '../../../../src/lib/lab/aws/world.ts'
import {FaultBoard} from '../../../../src/lib/lab/faults-board.ts'
import {FakeClock} from './support/fake-clock.ts'
import type {FakeHost} from './support/fake-host.ts'
import {startLab, startWorld} from './support/lab.ts'

const AutoScalingGroupName = 'c-node-1-asg'

describe('instance refreshes of the lab', () => {
  let clock: FakeClock
  let world: AwsWorld
  let host: FakeHost
  let faults: FaultBoard
  let client: AutoScalingClient
  let ec2: EC2Client
  let close: () => Promise<void>

  beforeEach(async () => {
    clock = new FakeClock()
    faults = new FaultBoard({nodes: ['c-node-1'], clock})
    ;({world, host} = await startWorld({clock, faults}))
    const lab = await startLab(world)
    client = new AutoScalingClient(lab.settings)
    ec2 = new EC2Client(lab.settings)
    close = async () => {
      client.destroy()
      ec2.destroy()
      await lab.close()
    }
  })
  afterEach(() => close())

  const start = async (Preferences?: RefreshPreferences) =>
    (await client.send(new StartInstanceRefreshCommand({AutoScalingGroupName, Preferences}))).InstanceRefreshId
  const newest = async () => {
    const {InstanceRefreshes = []} = await client.send(new DescribeInstanceRefreshesCommand({AutoScalingGroupName}))
    const {
      InstanceRefreshId: id,
      Status: status,
      StatusReason: reason,
      PercentageComplete: percent,
    } = InstanceRefreshes[0] ?? {}
    return {id, status, reason, percent}
  }
  const member = () => world.group(AutoScalingGroupName)?.members[0]?.id

  it('terminate the instance, wait for another and let it warm up', async () => {
    const old = member()
    const id = await start({InstanceWarmup: 120, MinHealthyPercentage: 0})
    assert.deepEqual(await newest(), {id, status: 'Pending', reason: undefined, percent: undefined})
    await clock.advance(500)
    assert.deepEqual(await newest(), {
      ...{id, status: 'InProgress', percent: 0},
      reason: 'Waiting for remaining instances to be available.',
    })
    const [activity] = world.group(AutoScalingGroupName)?.activities.slice(1) ?? []
    assert.match(activity?.cause ?? '', / was taken out of service in response to an instance refresh\.$/)
    await clock.advance(2500)
    assert.notEqual(member(), old)
    assert.match((await newest()).reason ?? '', /^Waiting for instances to warm up .+ i-[0-9a-f]{17} is warming up\.$/)
    await clock.advance(120_000)
    assert.deepEqual(await newest(), {id, status: 'Successful', reason: undefined, percent: 100})
    assert.deepEqual(host.diary, ['terminate c-node-1', 'launch c-node-1'])
  })

  it('run one at a time, also beside one that a fault shows', async () => {
    await start({InstanceWarmup: 10})
    await assert.rejects(start(), {name: /^InstanceRefreshInProgress/})
    await clock.advance(60_000)
    faults.switchOn({name: 'refresh-running'})
    assert.equal((await newest()).status, 'InProgress')
    await assert.rejects(start(), {name: /^InstanceRefreshInProgress/})
    faults.switchOff()
    await start()
  })

  it('can be cancelled; what is under way is finished', async () => {
    const cancel = () => client.send(new CancelInstanceRefreshCommand({AutoScalingGroupName}))
    await assert.rejects(cancel(), {name: /^ActiveInstanceRefreshNotFound/})
    const id = await start({InstanceWarmup: 60})
    await clock.advance(600)
    assert.equal((await cancel()).InstanceRefreshId, id)
    await clock.advance(5000)
    assert.deepEqual(await newest(), {id, status: 'Cancelled', reason: 'Cancelled due to user request.', percent: 0})
    assert.deepEqual(host.diary, ['terminate c-node-1', 'launch c-node-1'])
  })

  it('leave alone what is protected, and on request what is of the newest version', async () => {
    faults.switchOn({name: 'scale-in-protection', node: 'c-node-1'})
    await start()
    await clock.advance(10_000)
    assert.equal((await newest()).status, 'Successful')
    faults.switchOff()
    await start({SkipMatching: true})
    await clock.advance(10_000)
    assert.equal((await newest()).status, 'Successful')
    assert.deepEqual(host.diary, [])
    world.publishTemplates()
    await start({SkipMatching: true})
    await clock.advance(10_000)
    assert.deepEqual(host.diary, ['terminate c-node-1', 'launch c-node-1'])
    faults.switchOn({name: 'scale-in-protection', node: 'c-node-1'})
    await start({ScaleInProtectedInstances: 'Refresh'})
    await clock.advance(10_000)
    assert.equal(host.diary.length, 4)
  })

  it('fail where the instance may not be terminated', async () => {
    world.onTerminate(() => Promise.reject(new Error('not now')))
    await start()
    await clock.advance(1000)
    assert.partialDeepStrictEqual(await newest(), {status: 'Failed', reason: 'not now'})
    assert.deepEqual(host.diary, [])
  })

  it('refuse what the lab does not do', async () => {
    await assert.rejects(start({MaxHealthyPercentage: 110}), {name: 'ValidationError'})
    await assert.rejects(start({ScaleInProtectedInstances: 'Wait'}), {name: 'ValidationError'})
    await assert.rejects(start({InstanceWarmup: -1}), {name: 'ValidationError'})
  })

  it('launch the newest version of a template that tells $Latest, $Default and numbers', async () => {
    const versions = async (input: object) => {
      const command = new DescribeLaunchTemplateVersionsCommand({LaunchTemplateName: 'c-node-1', ...input})
      const {LaunchTemplateVersions = []} = await ec2.send(command)
      return LaunchTemplateVersions.map(({VersionNumber, DefaultVersion}) => [VersionNumber, DefaultVersion])
    }
    assert.equal(world.publishTemplates(), 2)
    assert.deepEqual(await versions({Versions: ['$Latest']}), [[2, true]])
    assert.deepEqual(await versions({Versions: ['$Default', '1']}), [
      [2, true],
      [1, false],
    ])
    assert.deepEqual(await versions({}), [
      [2, true],
      [1, false],
    ])
    await assert.rejects(versions({Versions: ['3']}), {name: 'InvalidLaunchTemplateId.VersionNotFound'})
    await assert.rejects(versions({LaunchTemplateName: 'none'}), {name: 'InvalidLaunchTemplateId.NotFound'})
    const names = new DescribeLaunchTemplatesCommand({LaunchTemplateNames: ['c-node-2']})
    const {LaunchTemplates = []} = await ec2.send(names)
    assert.deepEqual(
      LaunchTemplates.map(({LatestVersionNumber, DefaultVersionNumber}) => [LatestVersionNumber, DefaultVersionNumber]),
      [[2, 2]],
    )
    await start()
    await clock.advance(5000)
    assert.equal(world.group(AutoScalingGroupName)?.members[0]?.launchTemplateVersion, '2')
  })
})
