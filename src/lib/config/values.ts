import type {AwsService, LogNames, NamePatterns, NodeTarget, Ports, Thresholds, TlsFiles} from '../domain/settings.ts'

/** What one layer says about one cluster: the keys of a configuration file, all optional. */
export interface ClusterValues {
  readonly region?: string | undefined
  readonly profile?: string | undefined
  readonly credentialsFile?: string | undefined
  readonly endpoints?: Readonly<Partial<Record<AwsService | 'all', string | undefined>>> | undefined
  readonly ssmPrefix?: string | undefined
  readonly nodes?: number | readonly NodeValues[] | undefined
  readonly patterns?: Maybe<NamePatterns> | undefined
  readonly ports?: Maybe<Ports> | undefined
  readonly monitorScheme?: 'http' | 'https' | undefined
  readonly tls?: Maybe<TlsFiles> | undefined
  readonly thresholds?: Maybe<Thresholds> | undefined
  readonly logs?: Maybe<LogNames> | undefined
  /** Seconds. */
  readonly settle?: number | undefined
}

/** A node named in a file; what it leaves out follows from the cluster's ports and patterns. */
export type NodeValues = Pick<NodeTarget, 'name' | 'host'> & Maybe<Omit<NodeTarget, 'name' | 'host'>>

type Maybe<T> = {readonly [Key in keyof T]?: T[Key] | undefined}

/** A configuration file, checked: `clusters` maps names to what the file says of them. */
export interface FileValues {
  readonly defaultCluster?: string | undefined
  readonly defaults?: ClusterValues | undefined
  readonly clusters?: Readonly<Record<string, ClusterValues>> | undefined
}

export const CLUSTER_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}$/
export const CLUSTER_NAME_RULE = 'letters, digits, - and _, at most 63, starting with a letter or digit'
export const REGION = /^[a-z]{2,}(-[a-z]+)+-\d{1,2}$/
export const REGION_RULE = 'an AWS region such as us-east-2'
/** Each segment as SSM allows it; `{cluster}` stands for the cluster's name. */
export const SSM_PREFIX = /^(\/([a-zA-Z0-9_.-]|\{cluster\})+)+\/?$/
export const SSM_PREFIX_RULE = 'a path such as /nats-cluster/{cluster}, of letters, digits and _.-'
/** A profile's or file's name: anything without control characters. */
export const PLAIN_TEXT = /^[^\u0000-\u001f\u007f]+$/

export const ENDPOINT_RULE = 'an http or https URL without user name'

/** True for an http or https URL without user name and password: a URL is shown, a secret must not be in it. */
export function isEndpointUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
}

/** A wrong value for a message: short, on one line, and never the password of a URL. */
export function showValue(value: unknown): string {
  const text = jsonOf(value)
  return text === undefined || text.length <= 60 ? String(text) : `${text.slice(0, 59)}…`
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_key, each) => (typeof each === 'string' ? each.replace(URL_USER, '//***@') : each))
  } catch {
    return 'a value that holds itself'
  }
}

const URL_USER = /\/\/[^/]*@/g
