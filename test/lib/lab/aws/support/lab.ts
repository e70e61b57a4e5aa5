import {setTimeout as delay} from 'node:timers/promises'
import type {Clock} from '../../../../../src/lib/clients/ports.ts'
import {type EndpointOptions, startEndpoint} from '../../../../../src/lib/lab/aws/endpoint.ts'
import type {Timing} from '../../../../../src/lib/lab/aws/facilities.ts'
import {AwsWorld} from '../../../../../src/lib/lab/aws/world.ts'
import type {FaultBoard} from '../../../../../src/lib/lab/faults-board.ts'
import {FakeHost} from './fake-host.ts'

export const region = 'us-east-2'
export const account = '123456789012'
export const credentials = {accessKeyId: 'AKIALABLABLABLABLAB1', secretAccessKey: 'secret/of+this/lab'}

/** Three nodes in three zones, all in service. */
export async function startWorld({
  host = new FakeHost(),
  nodes = 3,
  ...options
}: {
  readonly host?: FakeHost
  readonly nodes?: number
  readonly clock?: Clock
  readonly timing?: Partial<Timing>
  readonly faults?: FaultBoard
} = {}) {
  const world = new AwsWorld({region, account, host, ...options})
  for (let number = 1; number <= nodes; number++) world.createGroup(planOf(number))
  await world.start()
  host.diary.length = 0
  return {world, host}
}

export function planOf(number: number) {
  const node = `c-node-${number}`
  return {name: `${node}-asg`, node, instanceName: node, zone: `us-east-2${'abc'[(number - 1) % 3]}`}
}

/** Quick, but with moments in which it can be seen what goes on. */
export const timing = {bootDelayMs: 2000, statusCheckMs: 3000, warmupMs: 0, launchRetryMs: 10_000}

export function states(world: AwsWorld): readonly string[] {
  return world.instances().map(({state, lifecycle, checks}) => `${state} ${lifecycle} ${checks}`)
}

export function firstMember(world: AwsWorld, number = 1): string {
  return world.group(`c-node-${number}-asg`)?.members[0]?.id ?? ''
}

export interface Lab {
  readonly url: string
  /** For any SDK client. */
  readonly settings: {endpoint: string; region: string; credentials: typeof credentials; maxAttempts: number}
  close(): Promise<void>
}

export async function startLab(world: AwsWorld, options: Partial<EndpointOptions> = {}): Promise<Lab> {
  const endpoint = await startEndpoint({world, credentials, host: '127.0.0.1', port: 0, ...options})
  const settings = {endpoint: endpoint.url, region, credentials, maxAttempts: 1}
  return {url: endpoint.url, settings, close: () => endpoint.close()}
}

/** Until it is true, or fails with what it was not. */
export async function eventually(isTrue: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 60_000
  while (!(await isTrue())) {
    if (performance.now() > end) throw new Error(`still not: ${what}`)
    await delay(10)
  }
}
