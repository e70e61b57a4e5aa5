import {isIP} from 'node:net'
import * as z from 'zod'
import {defaultThresholds, isSettle} from '../domain/settings.ts'
import {parseDuration} from './duration.ts'
import {
  CLUSTER_NAME,
  CLUSTER_NAME_RULE,
  ENDPOINT_RULE,
  isEndpointUrl,
  PLAIN_TEXT,
  REGION,
  REGION_RULE,
  SSM_PREFIX,
  SSM_PREFIX_RULE,
} from './values.ts'

/**
 * The shape of a configuration file. Only files.ts and labs.ts import this, and only when there is a file: the schema
 * library takes longer to load than everything else of a command without one.
 *
 * Every message completes "expected ...".
 */

const text = (rule: string, accepts: (value: string) => boolean) => z.string(rule).refine(accepts, rule)
const wholeNumber = (from: number, to: number) => {
  const rule = `a whole number from ${from} to ${to}`
  return z.int(rule).min(from, rule).max(to, rule)
}
const numberFrom = (from: number, to: number) => {
  const rule = to === Number.POSITIVE_INFINITY ? `a number from ${from}` : `a number from ${from} to ${to}`
  return z.number(rule).min(from, rule).max(to, rule)
}

const path = text('the path of a file', (value) => PLAIN_TEXT.test(value))
const url = text(ENDPOINT_RULE, isEndpointUrl)
const port = wholeNumber(1, 65_535)
const name = text('a name without blanks', (value) => /^[^\s\p{C}]{1,255}$/u.test(value))
const host = text(
  'a host name or an IP address, without scheme and port',
  (value) => isIP(value) !== 0 || /^[a-zA-Z0-9_]([a-zA-Z0-9_.-]{0,252}[a-zA-Z0-9_])?\.?$/.test(value),
)

/** `needed`: without one of these every node would have the same name. */
function pattern(known: readonly string[], needed: readonly string[]) {
  const rule = `a name with ${needed.join(' or ')}, of letters, digits, _.- and ${known.join(' ')}`
  const parts = new RegExp(`^([a-zA-Z0-9_.-]|${known.map((each) => each.replace(/[{}]/g, '\\$&')).join('|')})+$`)
  return text(rule, (value) => parts.test(value) && needed.some((each) => value.includes(each)))
}
const inNode = pattern(['{cluster}', '{n}'], ['{n}'])
const ofNode = pattern(['{cluster}', '{n}', '{node}'], ['{n}', '{node}'])

const settleRule = 'a duration from 1s to 24h such as 120s or 2m, or whole seconds'
const settle = z
  .union([z.string(), z.number()], settleRule)
  .transform((value) => (parseDuration(String(value)) ?? Number.NaN) / 1000)
  .refine((seconds) => Number.isInteger(seconds) && isSettle(seconds * 1000), settleRule)

const logGroup = text('the name of a log group: letters, digits, _-/.# and {cluster}', (value) =>
  /^([a-zA-Z0-9_./#-]|\{cluster\}){1,512}$/.test(value),
)
const plain = text('a text without control characters', (value) => PLAIN_TEXT.test(value))

const mapping = 'a mapping of keys to values'

const thresholds = Object.fromEntries(
  Object.keys(defaultThresholds).map((key) => [
    key,
    numberFrom(0, /percent/i.test(key) ? 100 : Number.POSITIVE_INFINITY).optional(),
  ]),
) as Record<keyof typeof defaultThresholds, z.ZodOptional<z.ZodNumber>>

const nodesRule = 'a count from 1 to 99 or a list of nodes, each with name and host'

/** The keys of one cluster; unknown ones are refused, or left out of the result. */
function clusterSchema(unknown: 'refused' | 'left out') {
  const object = unknown === 'refused' ? (z.strictObject as typeof z.object) : z.object
  const group = <Shape extends Record<string, z.ZodType>>(shape: Shape) => object(shape, mapping).optional()
  const node = object(
    {
      name,
      host,
      clientPort: port.optional(),
      monitorPort: port.optional(),
      asg: name.optional(),
      instanceName: name.optional(),
    },
    'a node with name and host',
  )
  const list = z
    .array(node, nodesRule)
    .min(1, nodesRule)
    .max(99, nodesRule)
    .refine((each) => new Set(each.map(({name}) => name)).size === each.length, 'nodes of different names')
  return object(
    {
      region: text(REGION_RULE, (value) => REGION.test(value)).optional(),
      profile: text('the name of an AWS profile', (value) => PLAIN_TEXT.test(value)).optional(),
      credentialsFile: path.optional(),
      ssmPrefix: text(SSM_PREFIX_RULE, (value) => SSM_PREFIX.test(value)).optional(),
      nodes: z.union([wholeNumber(1, 99), list], nodesRule).optional(),
      patterns: group({
        node: inNode.optional(),
        host: ofNode.optional(),
        asg: ofNode.optional(),
        instanceName: ofNode.optional(),
      }),
      ports: group({client: port.optional(), cluster: port.optional(), monitor: port.optional()}),
      monitorScheme: z.enum(['http', 'https'], 'http or https').optional(),
      tls: group({ca: path.optional(), cert: path.optional(), key: path.optional()}),
      thresholds: group(thresholds),
      logs: group({
        bootstrapGroup: logGroup.optional(),
        bootstrapPattern: plain.optional(),
        axiomDataset: plain.optional(),
        axiomNodeField: plain.optional(),
        axiomTokenParameter: text(SSM_PREFIX_RULE, (value) => SSM_PREFIX.test(value)).optional(),
      }),
      settle: settle.optional(),
      endpoints: group({
        all: url.optional(),
        ssm: url.optional(),
        autoscaling: url.optional(),
        ec2: url.optional(),
        sts: url.optional(),
        logs: url.optional(),
      }),
    },
    mapping,
  )
}
let refusing: ReturnType<typeof clusterSchema> | undefined
const cluster = () => (refusing ??= clusterSchema('refused'))

const clusterName = text(`a name of a cluster: ${CLUSTER_NAME_RULE}`, (value) => CLUSTER_NAME.test(value))
/** `clusters: {nats-prod:}` names a cluster and leaves everything to the defaults. */
const emptyOr = <Schema extends z.ZodType>(schema: Schema) => z.preprocess((value) => value ?? {}, schema)

/** A configuration file as the operator writes it. */
export const fileSchema = () =>
  emptyOr(
    z.strictObject(
      {
        defaultCluster: clusterName.optional(),
        defaults: emptyOr(cluster()).optional(),
        clusters: emptyOr(z.record(clusterName, emptyOr(cluster()), mapping)).optional(),
      },
      'a mapping with defaultCluster, defaults or clusters',
    ),
  )

/** The description of a running lab: a cluster's keys among others that only the lab reads. */
export const labSchema = () => clusterSchema('left out')

/** The keys that may stand at a path of a configuration file, for "did you mean". */
export function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  const [top, ...below] = path
  if (top === undefined) return ['defaultCluster', 'defaults', 'clusters']
  const inCluster = top === 'clusters' ? below.slice(1) : below
  const group = inCluster.find((each) => typeof each === 'string')
  if (group === undefined) return Object.keys(cluster().shape)
  if (group === 'nodes') return ['name', 'host', 'clientPort', 'monitorPort', 'asg', 'instanceName']
  const schema = cluster().shape[group as keyof ReturnType<typeof clusterSchema>['shape']].unwrap()
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
}
