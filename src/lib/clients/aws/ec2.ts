import {
  EC2Client,
  type InstanceStatus,
  paginateDescribeInstanceStatus,
  paginateDescribeInstances,
  type Instance as SdkInstance,
} from '@aws-sdk/client-ec2'
import type {Instance} from '../../domain/observation.ts'
import {OpsError} from '../../errors.ts'
import type {Ec2} from '../ports.ts'
import {chunksOf, collect, nameSome, required, timeOf} from './lists.ts'
import type {Session} from './session.ts'

/** Values EC2 takes in one filter. */
const valuesPerFilter = 200
/** Ids DescribeInstanceStatus takes at once. */
const idsPerCall = 100

/** Amazon EC2. */
export function openEc2(session: Session): Ec2 {
  const reader = session.client('ec2', 'repeat', (options) => new EC2Client(options))

  /** By filter also for ids: as InstanceIds, one id that AWS has forgotten fails the whole call. */
  async function describe(filter: string, values: readonly string[]): Promise<readonly SdkInstance[]> {
    const call = {service: 'ec2', action: 'DescribeInstances', resource: nameSome(values), iamResource: '*'} as const
    return session.call(call, async () => {
      const config = {client: await reader(), stopOnSameToken: true}
      const pages = paginateDescribeInstances(config, {
        Filters: [{Name: filter, Values: [...values]}],
        MaxResults: 1000,
      })
      return collect(pages, (page) =>
        required(page.Reservations, 'Reservations').flatMap(({Instances = []}) => Instances),
      )
    })
  }

  /** Status checks by instance id. An instance so young that this call does not know it yet hides those of its chunk. */
  async function statuses(ids: readonly string[]): Promise<readonly InstanceStatus[]> {
    const call = {service: 'ec2', action: 'DescribeInstanceStatus', resource: nameSome(ids), iamResource: '*'} as const
    try {
      return await session.call(call, async () => {
        const config = {client: await reader(), stopOnSameToken: true}
        const pages = paginateDescribeInstanceStatus(config, {InstanceIds: [...ids], IncludeAllInstances: true})
        return collect(pages, (page) => required(page.InstanceStatuses, 'InstanceStatuses'))
      })
    } catch (error) {
      if (error instanceof OpsError && error.code === 'AWS_NOT_FOUND') return []
      throw error
    }
  }

  return {
    async instances(filter) {
      const [name, values] =
        'ids' in filter ? (['instance-id', filter.ids] as const) : (['tag:Name', filter.names] as const)
      const wanted = new Set(values)
      const described = await Promise.all(chunksOf([...wanted], valuesPerFilter).map((chunk) => describe(name, chunk)))
      // A filter takes * and ? for wildcards: only what was asked for by its whole name stays.
      const found = described
        .flat()
        .filter((instance) => wanted.has('ids' in filter ? idOf(instance) : (nameOf(instance) ?? '')))
      const living = found.filter(({State}) => State?.Name !== 'terminated').map(idOf)
      const checks = (await Promise.all(chunksOf(living, idsPerCall).map(statuses))).flat()
      const byId = new Map(checks.map((status) => [status.InstanceId, status]))
      return found.map((instance) => toInstance(instance, byId.get(instance.InstanceId)))
    },
  }
}

export function toInstance(instance: SdkInstance, status: InstanceStatus | undefined): Instance {
  return {
    id: idOf(instance),
    name: nameOf(instance),
    state: instance.State?.Name ?? 'unknown',
    type: instance.InstanceType ?? 'unknown',
    zone: instance.Placement?.AvailabilityZone ?? '',
    privateIp: instance.PrivateIpAddress,
    launchedAt: timeOf(instance.LaunchTime) ?? 0,
    systemStatus: status?.SystemStatus?.Status,
    instanceStatus: status?.InstanceStatus?.Status,
  }
}

function idOf({InstanceId = ''}: SdkInstance): string {
  return InstanceId
}

function nameOf({Tags = []}: SdkInstance): string | undefined {
  return Tags.find(({Key}) => Key === 'Name')?.Value
}
