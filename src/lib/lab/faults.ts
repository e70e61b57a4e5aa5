import {UsageError} from '../errors.ts'

/**
 * Everything that can be made to go wrong in a lab, as plain data: what it does, whom it strikes, what may be said about
 * it. docs/game-days.md tells what natsops is expected to do then; faults-board.ts keeps what is switched on.
 */
export interface FaultKind {
  /** What goes wrong, in one line. */
  readonly about: string
  /** `node`: one node or, unless told, all of them. `account`: AWS as a whole. */
  readonly scope: 'node' | 'account'
  readonly value: ValueKind
  /** Taken where no value is given; absent where there is none or it is needed. */
  readonly usual?: string
  /** It happens at single moments and can be told to happen so many times; otherwise it is a state that lasts. */
  readonly countable: boolean
}

/** `action`: of IAM with * for any text, e.g. autoscaling:*, or all but some. `server`: path of a nats-server. */
export type ValueKind = 'none' | 'text' | 'duration' | 'bytes' | 'action' | 'server'

const launch = {scope: 'node', countable: true} as const
const state = {scope: 'node', countable: false} as const
const call = {scope: 'account', value: 'action', usual: '*', countable: true} as const

export const faultKinds = {
  'launch-fails': {
    ...launch,
    value: 'text',
    usual:
      'We currently do not have sufficient m8gd.medium capacity in the Availability Zone you requested. Launching EC2 instance failed.',
    about: 'a replacement is not launched; the value is what the scaling activity says',
  },
  'launch-suspended': {...state, value: 'none', about: 'the process Launch of the group is suspended'},
  'terminate-suspended': {...state, value: 'none', about: 'the process Terminate of the group is suspended'},
  'boot-delay': {
    ...launch,
    value: 'duration',
    usual: '30s',
    about: 'a replacement takes so much longer to boot',
  },
  'hook-stuck': {
    ...state,
    value: 'text',
    usual: 'nats-bootstrap',
    about: 'a replacement waits in Pending:Wait at the lifecycle hook of this name',
  },
  'wrong-name': {...launch, value: 'text', usual: 'nats-new', about: 'the server of a replacement has this name'},
  'other-version': {...launch, value: 'server', about: 'the server of a replacement is this nats-server'},
  'store-small': {
    ...launch,
    value: 'bytes',
    usual: '1MiB',
    about: 'the server of a replacement may store no more than this in files',
  },
  'bootstrap-silent': {
    ...launch,
    value: 'none',
    about: 'the bootstrap log of a replacement never says that its logs arrive',
  },
  'old-lingers': {
    ...launch,
    value: 'duration',
    usual: '20s',
    about: 'the old server goes on so long after EC2 calls its instance terminated, beside the new one',
  },
  'dns-stale': {
    ...state,
    value: 'text',
    usual: '127.0.0.2',
    about: 'an instance launched meanwhile has this private address, which its name does not resolve to',
  },
  'refresh-running': {...state, value: 'none', about: 'the group has an instance refresh in progress'},
  'scale-in-protection': {...state, value: 'none', about: 'the instance is protected from scale-in'},
  unreachable: {
    ...state,
    value: 'none',
    about: 'nothing gets through to the client and monitoring ports of the node; its routes are as they were',
  },
  'monitor-silent': {...state, value: 'none', about: 'the monitoring port accepts and never answers'},
  'monitor-truncated': {
    ...state,
    value: 'bytes',
    usual: '600',
    about: 'the monitoring port closes after so many bytes of an answer',
  },
  'monitor-slow': {...state, value: 'duration', usual: '3s', about: 'the monitoring port answers so much later'},
  throttled: {...call, about: 'AWS answers that the rate is exceeded; * 30% for three calls in ten'},
  'access-denied': {
    ...call,
    about: 'AWS denies the action; * except ssm:GetParameters ... for all but what a policy allows',
  },
  'token-expired': {...call, about: 'AWS answers that the security token has expired'},
  'response-lost': {
    ...call,
    usual: 'autoscaling:TerminateInstanceInAutoScalingGroup',
    about: 'AWS does what was asked and the connection breaks before the answer',
  },
  'run-command-denied': {...call, value: 'none', usual: '', about: 'SSM Run Command is denied'},
  'agent-lost': {...state, value: 'none', about: 'the SSM agent of the instance is not connected'},
  'clock-skew': {
    scope: 'account',
    value: 'duration',
    usual: '10m',
    countable: false,
    about: "AWS's clock is ahead by this, or behind by a negative value",
  },
} as const satisfies Readonly<Record<string, FaultKind>>

export type FaultName = keyof typeof faultKinds
export const faultNames = Object.keys(faultKinds) as FaultName[]

/** As it is asked for; checked by `settleFault`. */
export interface FaultRequest {
  readonly name: string
  /** Whole name of a node; undefined: all. */
  readonly node?: string | undefined
  readonly value?: string | undefined
  /** It happens so many times and is over. */
  readonly count?: number | undefined
  /** It is over after this. */
  readonly forMs?: number | undefined
}

/** A fault that makes sense: what may be left out has its usual value. */
export interface Fault {
  readonly name: FaultName
  readonly node: string | undefined
  readonly value: string
  /** Milliseconds, bytes or 0, whatever the kind's value means. */
  readonly amount: number
  readonly count: number | undefined
  readonly forMs: number | undefined
}

/**
 * Checks a request against its kind and the lab's nodes.
 * @throws UsageError naming what is wrong
 */
export function settleFault(request: FaultRequest, nodes: readonly string[]): Fault {
  const name = requireFaultName(request.name)
  const kind: FaultKind = faultKinds[name]
  const {node, count, forMs} = request
  if (node !== undefined && kind.scope === 'account') throw new UsageError(`${name} strikes all of AWS, not one node`)
  if (node !== undefined && !nodes.includes(node)) throw new UsageError(`there is no node ${node} in this lab`)
  if (count !== undefined && !kind.countable) {
    throw new UsageError(`${name} is a state that lasts and cannot be counted: use --for, or switch it off`)
  }
  if (count !== undefined && !(Number.isSafeInteger(count) && count > 0)) {
    throw new UsageError(`${count} is not a number of times`)
  }
  if (forMs !== undefined && !(Number.isFinite(forMs) && forMs > 0)) throw new UsageError(`${forMs} is not a duration`)
  if (request.value !== undefined && kind.value === 'none') throw new UsageError(`${name} takes no value`)
  const value = request.value ?? kind.usual ?? ''
  if (value === '' && kind.value !== 'none') throw new UsageError(`${name} needs a value: ${kind.about}`)
  return {name, node, value, amount: measure(name, kind.value, value), count, forMs}
}

export function requireFaultName(text: string): FaultName {
  const name = faultNames.find((one) => one === text)
  if (name) return name
  throw new UsageError(`there is no fault '${text}'; there is ${faultNames.join(', ')}`, ['natsops lab fault list'])
}

/**
 * Whether an IAM action such as `ssm:GetParameter` is meant by `ssm:*`, or `ssm:* 30%` with this luck (0 to 1), or by
 * `* except ec2:* sts:*`, which leaves alone what a policy of these actions would allow.
 */
export function isMeant(value: string, action: string, luck: number): boolean {
  const [meant = '', exceptions] = value.split(' except ')
  if (exceptions?.split(' ').some((exception) => isMeant(exception, action, 0))) return false
  const [pattern = '', chance] = meant.split(' ')
  if (chance !== undefined && luck >= Number.parseFloat(chance) / 100) return false
  const source = pattern.replaceAll(/[^\w*:]/g, '').replaceAll('*', '.*')
  return new RegExp(`^${source}$`, 'i').test(action)
}

const actionPattern = /^(\*|[a-z0-9]+:[A-Za-z0-9*]+)( (\d{1,3})%)?( except( (\*|[a-z0-9]+:[A-Za-z0-9*]+))+)?$/

function measure(name: FaultName, kind: ValueKind, value: string): number {
  switch (kind) {
    case 'duration':
      return readDuration(value) ?? wrong(name, value, 'a duration such as 30s or 500ms')
    case 'bytes':
      return readBytes(value) ?? wrong(name, value, 'a size such as 600 or 1MiB')
    case 'action': {
      const percent = actionPattern.exec(value)?.[3]
      const isRight = actionPattern.test(value) && Number(percent ?? 100) <= 100
      return isRight
        ? 0
        : wrong(name, value, 'an action such as ssm:GetParameter, autoscaling:* or *, or * except ssm:*')
    }
    case 'text':
      return /^[\x20-\x7e]{1,1000}$/.test(value) ? 0 : wrong(name, value, 'up to 1000 printable characters')
    default:
      return 0
  }
}

function wrong(name: FaultName, value: string, form: string): never {
  throw new UsageError(`${name} takes ${form}, not '${value}'`)
}

const milliseconds: Readonly<Record<string, number>> = {ms: 1, s: 1000, m: 60_000, h: 3_600_000}
const bytes: Readonly<Record<string, number>> = {'': 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3}

function readDuration(text: string): number | undefined {
  const [, amount, unit = ''] = /^(-?\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? []
  return amount === undefined ? undefined : Number(amount) * (milliseconds[unit] ?? 0)
}

function readBytes(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d+)(KiB|MiB|GiB)?$/.exec(text) ?? []
  return amount === undefined ? undefined : Number(amount) * (bytes[unit] ?? 0)
}
