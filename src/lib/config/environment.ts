import type {AwsService} from '../domain/settings.ts'
import {UsageError} from '../errors.ts'
import type {Layer} from './layers.ts'
import {
  CLUSTER_NAME,
  CLUSTER_NAME_RULE,
  type ClusterValues,
  ENDPOINT_RULE,
  isEndpointUrl,
  PLAIN_TEXT,
  REGION,
  REGION_RULE,
  SSM_PREFIX,
  SSM_PREFIX_RULE,
  showValue,
} from './values.ts'

/** The process as natsops sees it: variables, and the folders and the user that decide where files are. */
export interface Environment {
  /** Undefined also where it is set and empty. */
  variable(name: string): string | undefined
  readonly home: string
  /** Undefined where the working folder is gone. */
  readonly cwd: string | undefined
  readonly temporary: string
  readonly uid: number
}

/** One value and the variable or flag it came from. */
export interface Named {
  readonly name: string
  readonly value: string
}

/** The first of these variables that is set. */
export function firstSet(environment: Environment, ...names: readonly string[]): Named | undefined {
  for (const name of names) {
    const value = environment.variable(name)
    if (value !== undefined) return {name, value}
  }
  return undefined
}

/** The flags of one command line as the highest layer. An empty flag is a slip of a script, never "not given". */
export function flagLayer(flags: {readonly region?: string | undefined; readonly profile?: string | undefined}): Layer {
  const {take, detail} = collector()
  const flag = (name: 'region' | 'profile'): string | undefined => {
    const value = flags[name]
    return take(name, value === undefined ? undefined : {name: `--${name}`, value})
  }
  return {kind: 'flag', values: {region: flag('region'), profile: flag('profile')}, detail}
}

/**
 * The environment's word on one cluster. The runbook's SSM_PREFIX belongs to the cluster of its CLUSTER_NAME: left over
 * in a shell, it does not lead another cluster's command to the first one's credentials.
 */
export function environmentLayer(environment: Environment, cluster: string): Layer {
  const {take, detail} = collector()
  const runbookCluster = environment.variable('CLUSTER_NAME')
  const prefixes = ['NATSOPS_SSM_PREFIX']
  if (runbookCluster === undefined || runbookCluster === cluster) prefixes.push('SSM_PREFIX')
  const values: ClusterValues = {
    region: take('region', firstSet(environment, 'NATSOPS_REGION', 'AWS_REGION', 'AWS_DEFAULT_REGION')),
    profile: take('profile', firstSet(environment, 'NATSOPS_PROFILE', 'AWS_PROFILE')),
    ssmPrefix: take('ssmPrefix', firstSet(environment, ...prefixes)),
  }
  // The switch of the AWS SDKs and CLI.
  if (environment.variable('AWS_IGNORE_CONFIGURED_ENDPOINT_URLS')?.toLowerCase() === 'true') {
    return {kind: 'environment', values, detail}
  }
  const url = (key: keyof typeof ENDPOINT_VARIABLES): string | undefined =>
    take(`endpoints.${key}`, firstSet(environment, ENDPOINT_VARIABLES[key]))
  const endpoints = {
    all: url('all'),
    ssm: url('ssm'),
    autoscaling: url('autoscaling'),
    ec2: url('ec2'),
    sts: url('sts'),
    logs: url('logs'),
  }
  return {kind: 'environment', values: {...values, endpoints}, detail}
}

/** The name of a cluster or a service, checked: it goes into parameter names, host names and paths. */
export function checkName(what: 'cluster' | 'service', {name, value}: Named): string {
  if (!CLUSTER_NAME.test(value)) {
    throw new UsageError(`${name} ${JSON.stringify(value)} is no name of a ${what}: ${CLUSTER_NAME_RULE}`)
  }
  return value
}

/** The service identifiers of the AWS SDKs. */
const ENDPOINT_VARIABLES: Readonly<Record<AwsService | 'all', string>> = {
  all: 'AWS_ENDPOINT_URL',
  ssm: 'AWS_ENDPOINT_URL_SSM',
  autoscaling: 'AWS_ENDPOINT_URL_AUTO_SCALING',
  ec2: 'AWS_ENDPOINT_URL_EC2',
  sts: 'AWS_ENDPOINT_URL_STS',
  logs: 'AWS_ENDPOINT_URL_CLOUDWATCH_LOGS',
}

type Key = 'region' | 'profile' | 'ssmPrefix' | `endpoints.${AwsService | 'all'}`

const RULES: Readonly<Record<string, {accepts(value: string): boolean; readonly rule: string}>> = {
  region: {accepts: (value) => REGION.test(value), rule: REGION_RULE},
  profile: {accepts: (value) => PLAIN_TEXT.test(value), rule: 'the name of an AWS profile'},
  ssmPrefix: {accepts: (value) => SSM_PREFIX.test(value), rule: SSM_PREFIX_RULE},
  endpoints: {accepts: isEndpointUrl, rule: ENDPOINT_RULE},
}

/** Checks values one by one and remembers what each came from. */
function collector(): {take(key: Key, named: Named | undefined): string | undefined; detail: Layer['detail']} {
  const origins = new Map<string, string>()
  return {
    take(key, named) {
      if (named === undefined) return undefined
      const {accepts, rule} = RULES[key.split('.', 1)[0] ?? ''] ?? {}
      if (accepts && !accepts(named.value)) {
        throw new UsageError(`${named.name} ${showValue(named.value)} is not ${rule}`)
      }
      origins.set(key, named.name)
      return named.value
    },
    detail: (key) => origins.get(key) ?? '',
  }
}
