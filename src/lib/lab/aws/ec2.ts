import {type Filter, matches, readFilters} from './ec2-filters.ts'
import {ServiceFailure} from './failure.ts'
import {fixedId} from './ids.ts'
import type {Input} from './input.ts'
import {describeTemplates, describeTemplateVersions} from './launch-templates.ts'
import {type Page, pageOf} from './paging.ts'
import {ec2Protocol} from './protocol-query.ts'
import type {InstanceRecord} from './records.ts'
import {ec2Complaints, refuseAsEc2} from './refusals.ts'
import type {Answer, Call, Service} from './service.ts'
import type {AwsWorld} from './world.ts'
import type {XmlContent} from './xml.ts'

type Instance = Readonly<InstanceRecord>

/** EC2: the machines, as far as they are described. Its own names for things are lower camel case. */
export const ec2: Service = {
  name: 'ec2',
  protocol: ec2Protocol('2016-11-15'),
  complaints: ec2Complaints,
  refuse: refuseAsEc2,
  operations: {
    DescribeInstances: withDryRun(({world, input}) => {
      const page = select(world, input, {
        list: 'DescribeInstances',
        candidates: world.instances(),
        valuesOf: {
          'instance-id': ({id}) => [id],
          'instance-state-name': ({state}) => [state],
          'instance-state-code': ({state}) => [String(stateCodes[state])],
          'instance-type': ({type}) => [type],
          'availability-zone': ({zone}) => [zone],
          'private-ip-address': (instance) => (isGone(instance) ? [] : [instance.address]),
          'private-dns-name': (instance) => (isGone(instance) ? [] : [dnsName(world, instance)]),
          'vpc-id': (instance) => (isGone(instance) ? [] : [fixedId('vpc', world.account)]),
          'tag-key': () => ['Name', groupTag],
          'tag:Name': ({name}) => [name],
          [`tag:${groupTag}`]: ({group}) => [group],
        },
      })
      return {reservationSet: page.items.map((one) => showReservation(world, one)), nextToken: page.nextToken}
    }),

    DescribeInstanceStatus: withDryRun(({world, input}) => {
      const all = input.flag('IncludeAllInstances')
      const page = select(world, input, {
        list: 'DescribeInstanceStatus',
        candidates: world.instances().filter(({state}) => all || state === 'running'),
        valuesOf: {
          'instance-state-name': ({state}) => [state],
          'instance-state-code': ({state}) => [String(stateCodes[state])],
          'availability-zone': ({zone}) => [zone],
          'instance-status.status': (instance) => [checksOf(instance)],
          'system-status.status': (instance) => [checksOf(instance)],
        },
      })
      return {instanceStatusSet: page.items.map(showStatus), nextToken: page.nextToken}
    }),

    DescribeLaunchTemplates: withDryRun(({world, input}) => describeTemplates(world, input)),
    DescribeLaunchTemplateVersions: withDryRun(({world, input}) => describeTemplateVersions(world, input)),
  },
}

const groupTag = 'aws:autoscaling:groupName'
const stateCodes = {pending: 0, running: 16, 'shutting-down': 32, terminated: 48} as const

interface Selection {
  readonly list: string
  readonly candidates: readonly Instance[]
  readonly valuesOf: Readonly<Record<string, Filter<Instance>>>
}

function select(world: AwsWorld, input: Input, {list, candidates, valuesOf}: Selection): Page<Instance> {
  const ids = input.texts('InstanceId')
  checkIds(world, ids)
  const size = readSize(input, ids)
  const filters = readFilters(input, Object.keys(valuesOf))
  const chosen = candidates.filter(
    (one) => (ids.length === 0 || ids.includes(one.id)) && matches(one, filters, valuesOf),
  )
  return pageOf(chosen, {
    list,
    keyOf: ({id}) => id,
    size,
    token: input.text('NextToken'),
    refuse: () => new ServiceFailure('InvalidParameterValue', 'Invalid value for nextToken.'),
  })
}

function readSize(input: Input, ids: readonly string[]): number {
  if (!input.has('MaxResults')) return 1000
  if (ids.length > 0) {
    throw new ServiceFailure(
      'InvalidParameterCombination',
      'The parameter instancesSet cannot be used with the parameter maxResults',
    )
  }
  return input.integer('MaxResults', {least: 5, most: 1000}) ?? 1000
}

function checkIds(world: AwsWorld, ids: readonly string[]): void {
  const malformed = ids.find((id) => !/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id))
  if (malformed !== undefined) {
    throw new ServiceFailure('InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`)
  }
  const known = new Set(world.instances().map(({id}) => id))
  const unknown = ids.filter((id) => !known.has(id))
  if (unknown.length === 0) return
  const [subject, verb] = unknown.length === 1 ? ['ID', 'does'] : ['IDs', 'do']
  throw new ServiceFailure(
    'InvalidInstanceID.NotFound',
    `The instance ${subject} '${unknown.join(', ')}' ${verb} not exist`,
  )
}

/** A dry run that is allowed is a failure too: that is how EC2 tells. */
function withDryRun(operation: (call: Call) => Answer): (call: Call) => Answer {
  return (call) => {
    if (!call.input.flag('DryRun')) return operation(call)
    throw new ServiceFailure('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412)
  }
}

function showReservation(world: AwsWorld, instance: Instance): XmlContent {
  return {
    reservationId: fixedId('r', world.account, instance.id),
    ownerId: world.account,
    groupSet: [],
    instancesSet: [showInstance(world, instance)],
  }
}

/** A terminated instance keeps its tags and loses its place in the network. */
function showInstance(world: AwsWorld, instance: Instance): XmlContent {
  const network = {
    privateIpAddress: instance.address,
    subnetId: fixedId('subnet', world.account, instance.zone),
    vpcId: fixedId('vpc', world.account),
  }
  const reason = 'Client.UserInitiatedShutdown'
  return {
    instanceId: instance.id,
    imageId: fixedId('ami', world.account),
    instanceState: showState(instance),
    privateDnsName: isGone(instance) ? '' : dnsName(world, instance),
    dnsName: '',
    reason: instance.terminatedAt === undefined ? '' : `User initiated (${toGmt(instance.terminatedAt)})`,
    amiLaunchIndex: 0,
    productCodes: [],
    instanceType: instance.type,
    launchTime: new Date(instance.launchedAt).toISOString(),
    placement: {availabilityZone: instance.zone, groupName: '', tenancy: 'default'},
    monitoring: {state: 'disabled'},
    ...(isGone(instance) ? {} : network),
    stateReason: isGone(instance) ? {code: reason, message: `${reason}: User initiated shutdown`} : undefined,
    architecture: 'arm64',
    rootDeviceType: 'ebs',
    virtualizationType: 'hvm',
    tagSet: [
      {key: 'Name', value: instance.name},
      {key: groupTag, value: instance.group},
    ],
    hypervisor: 'xen',
    ebsOptimized: true,
  }
}

function showStatus(instance: Instance): XmlContent {
  const status = checksOf(instance)
  const reachability = status === 'ok' ? 'passed' : status
  const details = status === 'not-applicable' ? undefined : [{name: 'reachability', status: reachability}]
  return {
    instanceId: instance.id,
    availabilityZone: instance.zone,
    instanceState: showState(instance),
    systemStatus: {status, details},
    instanceStatus: {status, details},
    eventsSet: [],
  }
}

function showState({state}: Instance): XmlContent {
  return {code: stateCodes[state], name: state}
}

/** Checks are made of running instances only. */
function checksOf({state, checks}: Instance): 'ok' | 'initializing' | 'not-applicable' {
  return state === 'running' ? checks : 'not-applicable'
}

function isGone({state}: Instance): boolean {
  return state === 'terminated'
}

function dnsName({region}: AwsWorld, {address}: Instance): string {
  return `ip-${address.replaceAll('.', '-')}.${region}.compute.internal`
}

/** 2026-01-31 09:30:00 GMT */
function toGmt(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} GMT`
}
