import * as z from 'zod'
import {
  absolutePath,
  accountName,
  anySize,
  clusterName,
  different,
  duration,
  host,
  hostPort,
  limit,
  list,
  localPath,
  mapping,
  matching,
  messageSize,
  nkey,
  nodeName,
  password,
  pattern,
  permissions,
  plain,
  port,
  size,
  sizeLimit,
  time,
  wholeNumber,
  word,
  yesOrNo,
} from './description-values.ts'

/**
 * The shape of a cluster's description as its operator writes it. Only description.ts imports this, when there is one
 * to read. Every message completes "expected ...".
 */

const user = {name: plain, system: yesOrNo.optional(), permissions: permissions.optional()}

const auth = z.discriminatedUnion(
  'mode',
  [
    z.strictObject({mode: z.literal('none')}),
    z.strictObject({mode: z.literal('token'), token: password}),
    z.strictObject({
      mode: z.literal('users'),
      users: list(z.strictObject({...user, password}), 'a list of users').refine(
        (users) => different(users, ({name}) => name),
        'users of different names',
      ),
    }),
    z.strictObject({
      mode: z.literal('nkeys'),
      users: list(z.strictObject({...user, nkey}), 'a list of users').refine(
        (users) => different(users, (each) => each.nkey) && different(users, ({name}) => name),
        'users of different names and keys',
      ),
    }),
    z.strictObject({
      mode: z.literal('operator'),
      operator: plain.optional(),
      systemAccount: accountName.optional(),
      account: accountName.optional(),
      accountLimits: z
        .strictObject(
          {
            fileStorage: sizeLimit.optional(),
            memoryStorage: sizeLimit.optional(),
            streams: limit.optional(),
            consumers: limit.optional(),
          },
          mapping,
        )
        .optional(),
      services: z
        .array(z.strictObject({name: nodeName, permissions: permissions.optional()}, mapping), 'a list of services')
        .refine((services) => different(services, ({name}) => name), 'services of different names')
        .optional(),
      preload: localPath.optional(),
    }),
  ],
  'a mapping with mode: none, token, users, nkeys or operator',
)

const tlsUse = z.union(
  [yesOrNo, z.strictObject({verify: yesOrNo.optional()}, mapping)],
  'true, false or a mapping with verify',
)
const alwaysVerified = z.union(
  [yesOrNo, z.strictObject({verify: z.literal(true, 'true: servers always verify each other').optional()}, mapping)],
  'true or false',
)
const tls = z.strictObject(
  {
    source: localPath.optional(),
    directory: absolutePath.optional(),
    client: tlsUse.optional(),
    routes: alwaysVerified.optional(),
    leaf: tlsUse.optional(),
    gateway: alwaysVerified.optional(),
    monitor: yesOrNo.optional(),
  },
  mapping,
)

const plainCredentials = z.strictObject({user: word, passwordFile: localPath}, 'user and passwordFile')
const ports = z.strictObject(
  {
    client: port.optional(),
    cluster: port.optional(),
    monitor: port.optional(),
    leaf: port.optional(),
    gateway: port.optional(),
  },
  mapping,
)
const listen = z.strictObject(
  {
    client: host.optional(),
    cluster: host.optional(),
    monitor: host.optional(),
    leaf: host.optional(),
    gateway: host.optional(),
  },
  mapping,
)
const node = z.strictObject(
  {
    name: nodeName,
    host: host.optional(),
    aliases: z.array(host, 'a list of host names and addresses').optional(),
    ports: ports.optional(),
  },
  'a node with its name',
)
const nodesRule = 'a count from 1 to 99 or a list of nodes, each with its name'

const jetStream = z.strictObject(
  {
    storeDirectory: absolutePath.optional(),
    maxFileStore: anySize,
    maxMemoryStore: anySize.optional(),
    domain: accountName.optional(),
    syncInterval: z.union([z.literal('always'), time], 'a duration such as 2m, or always').optional(),
  },
  mapping,
)

const leafNodes = z.strictObject(
  {
    accept: yesOrNo.optional(),
    remotes: z
      .array(
        z.strictObject(
          {
            urls: list(hostPort, 'a list of host:port'),
            account: accountName.optional(),
            credentials: absolutePath.optional(),
            auth: plainCredentials.optional(),
            tls: yesOrNo.optional(),
          },
          'a remote with urls',
        ),
        'a list of remotes',
      )
      .optional(),
  },
  mapping,
)

const gateways = z.strictObject(
  {
    remotes: list(
      z.strictObject({name: clusterName, urls: list(hostPort, 'a list of host:port')}, 'a remote with name and urls'),
      'a list of remotes',
    ).refine((remotes) => different(remotes, ({name}) => name), 'remotes of different names'),
    auth: plainCredentials.optional(),
  },
  'a mapping with remotes',
)

export const descriptionSchema = z
  .strictObject(
    {
      name: clusterName,
      version: matching('a version such as 2.15.1', /^\d+\.\d+\.\d+$/).optional(),
      nodes: z
        .union(
          [
            wholeNumber(1, 99),
            z
              .array(node, nodesRule)
              .min(1, nodesRule)
              .max(99, nodesRule)
              .refine((nodes) => different(nodes, ({name}) => name.toLowerCase()), 'nodes of different names'),
          ],
          nodesRule,
        )
        .optional(),
      patterns: z.strictObject({node: pattern.optional(), host: pattern.optional()}, mapping).optional(),
      ports: ports.optional(),
      listen: listen.optional(),
      jetStream: jetStream.optional(),
      auth,
      tls: tls.optional(),
      routes: z
        .strictObject({poolSize: wholeNumber(1, 64).optional(), auth: plainCredentials.optional()}, mapping)
        .optional(),
      limits: z
        .strictObject(
          {
            maxConnections: wholeNumber(1, 10_000_000).optional(),
            maxSubscriptions: wholeNumber(1, 2 ** 31 - 1).optional(),
            maxPayload: messageSize.optional(),
            maxPending: size(1024, Number.MAX_SAFE_INTEGER).optional(),
            writeDeadline: time.optional(),
            pingInterval: time.optional(),
            pingMax: wholeNumber(1, 100).optional(),
          },
          mapping,
        )
        .optional(),
      lameDuck: z
        .strictObject(
          {
            duration: duration(30_000, 'a duration of at least 30s: nats-server takes no shorter one').optional(),
            gracePeriod: time.optional(),
          },
          mapping,
        )
        .optional(),
      leafNodes: leafNodes.optional(),
      gateways: gateways.optional(),
      log: z
        .strictObject(
          {
            file: absolutePath.optional(),
            maxSize: anySize.optional(),
            keep: wholeNumber(1, 1000).optional(),
            debug: yesOrNo.optional(),
            trace: yesOrNo.optional(),
          },
          mapping,
        )
        .optional(),
      deploy: z
        .strictObject(
          {
            user: word.optional(),
            binary: absolutePath.optional(),
            configDirectory: absolutePath.optional(),
            image: matching('the name of a container image', /^[a-z0-9][a-zA-Z0-9._:/@-]{0,254}$/).optional(),
            kubernetes: z.strictObject({namespace: word.optional(), storageClass: word.optional()}, mapping).optional(),
          },
          mapping,
        )
        .optional(),
    },
    'a mapping with name, nodes, auth ...',
  )
  .superRefine((written, context) => {
    const refuse = (path: readonly string[], message: string) =>
      context.addIssue({code: 'custom', path: [...path], message})
    const {tls: use, lameDuck, limits} = written
    if (use?.monitor && !use.client) {
      refuse(['tls', 'monitor'], 'tls.client as well: the monitoring port uses the certificate for clients')
    }
    const {duration: leaving = 120_000, gracePeriod = 10_000} = lameDuck ?? {}
    if (gracePeriod >= leaving) {
      refuse(['lameDuck', 'gracePeriod'], `less than lameDuck.duration, which is ${leaving / 1000}s`)
    }
    const {maxPayload, maxPending} = limits ?? {}
    if (maxPayload !== undefined && maxPending !== undefined && maxPayload > maxPending) {
      refuse(['limits', 'maxPending'], 'at least limits.maxPayload')
    }
    if (written.gateways?.remotes.some(({name}) => name === written.name)) {
      refuse(['gateways', 'remotes'], `other clusters than ${written.name} itself`)
    }
  })

/** As written: everything optional but name and auth. */
export type WrittenDescription = z.output<typeof descriptionSchema>
