import assert from 'node:assert/strict'
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeScalingActivitiesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling'
import type {AwsWorld} from '../../../../../src/lib/lab/aws/world.ts'
import {FakeClock} from './fake-clock.ts'
import type {FakeHost} from './fake-host.ts'
import {startLab, startWorld} from './lab.ts'

export const group = 'c-node-1-asg'

/** A lab account in virtual time, and a client of its Auto Scaling. */
export class AutoScalingLab {
  readonly clock: FakeClock
  readonly world: AwsWorld
  readonly host: FakeHost
  readonly client: AutoScalingClient
  readonly #endpoint: Endpoint

  private constructor(clock: FakeClock, {world, host}: Started, endpoint: Endpoint) {
    this.clock = clock
    this.world = world
    this.host = host
    this.client = new AutoScalingClient(endpoint.settings)
    this.#endpoint = endpoint
  }

  static async open(): Promise<AutoScalingLab> {
    const clock = new FakeClock()
    const started = await startWorld({clock})
    return new AutoScalingLab(clock, started, await startLab(started.world))
  }

  async groups(...names: string[]) {
    const command = new DescribeAutoScalingGroupsCommand({AutoScalingGroupNames: names})
    return (await this.client.send(command)).AutoScalingGroups ?? []
  }

  memberOf(name: string): string {
    return this.world.group(name)?.members[0]?.id ?? assert.fail('no member')
  }

  terminate(InstanceId: string | undefined, ShouldDecrementDesiredCapacity: boolean | undefined = false) {
    return this.client.send(
      new TerminateInstanceInAutoScalingGroupCommand({InstanceId, ShouldDecrementDesiredCapacity}),
    )
  }

  /** Those of `group`, unless another one is named. */
  async activities(input: object = {}) {
    const command = new DescribeScalingActivitiesCommand({AutoScalingGroupName: group, ...input})
    return (await this.client.send(command)).Activities ?? []
  }

  async close(): Promise<void> {
    this.client.destroy()
    await this.#endpoint.close()
  }
}

type Started = Awaited<ReturnType<typeof startWorld>>
type Endpoint = Awaited<ReturnType<typeof startLab>>
