import {createUser} from 'nkeys.js'
import {HASH} from './generated-files.ts'

/** Of the user `app` where users have keys in place of passwords. */
export const NKEY = createUser()

/** What may stand after `auth:` in a description. Every password is `secret`. */
export const auths = {
  none: '{mode: none}',
  token: `{mode: token, token: ${HASH}}`,
  users: `{mode: users, users: [{name: app, password: ${HASH}}, {name: sys, system: true, password: ${HASH}},
    {name: narrow, password: ${HASH}, permissions: {publish: [a.>], subscribe: [_INBOX.>], respond: true}},
    {name: mute, password: ${HASH}, permissions: {}}]}`,
  nkeys: `{mode: nkeys, users: [{name: app, nkey: ${NKEY.getPublicKey()}}]}`,
  operator: '{mode: operator}',
} as const

const tlsKinds = {
  'no TLS': '',
  'TLS for clients': 'tls: {client: true}',
  'TLS and client certificates everywhere':
    'tls: {client: {verify: true}, routes: true, leaf: {verify: true}, gateway: true, monitor: true}',
} as const

const topologies = {
  'one server': 'nodes: [{name: n1, host: 127.0.0.1}]',
  'three servers with everything set': `nodes: 3
patterns: {node: "n{n}", host: "{node}.test"}
version: 2.15.1
routes: {poolSize: 5, auth: {user: route, passwordFile: password}}
limits: {maxConnections: 5000, maxSubscriptions: 100000, maxPayload: 2MiB, maxPending: 128MiB, writeDeadline: 5s, pingInterval: 30s, pingMax: 3}
lameDuck: {duration: 1m, gracePeriod: 1500ms}
log: {file: /var/log/nats/nats.log, maxSize: 10MiB, keep: 3, debug: true, trace: true}`,
  'a hub of leaves': 'nodes: [{name: n1, host: "::1"}]\nleafNodes: {accept: true}',
  'a leaf': `nodes: [{name: n1, host: 127.0.0.1}]
leafNodes: {remotes: [{urls: ["hub.test:7422"], auth: {user: app, passwordFile: password}}]}`,
  'a part of a supercluster': `nodes: 3
patterns: {node: "n{n}", host: "{node}.test"}
gateways: {remotes: [{name: west, urls: ["west.test:7222"]}], auth: {user: gate, passwordFile: password}}`,
} as const

export interface Variant {
  readonly name: string
  readonly text: string
}

/** Descriptions with this authentication: every TLS in every topology. Their files are in `folder`. */
export function describeVariants(folder: string, auth: string): readonly Variant[] {
  return Object.entries(tlsKinds).flatMap(([tlsName, tls]) =>
    Object.entries(topologies).map(([topologyName, topology]) => ({
      name: `${tlsName}, ${topologyName}`,
      text: `name: east
${topology}
auth: ${auth}
jetStream: {storeDirectory: "${folder}/store/{node}", maxFileStore: 1GiB, maxMemoryStore: 64MiB, domain: d, syncInterval: always}
${tls.replace('{', `{directory: "${folder}/tls/{node}", `)}
`,
    })),
  )
}
