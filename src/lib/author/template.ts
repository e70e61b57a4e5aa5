import {CLUSTER_NAME, CLUSTER_NAME_RULE} from '../config/values.ts'
import {UsageError} from '../errors.ts'

/**
 * The first description of a cluster: everything an operator decides, with the reason beside it, and as a comment what
 * few need. `config generate` takes it as it is once `auth init` and `cert generate` have run. UsageError for a name that
 * no cluster can have.
 */
export function descriptionTemplate(name: string): string {
  if (!CLUSTER_NAME.test(name)) {
    throw new UsageError(`${JSON.stringify(name)} cannot be the name of a cluster: ${CLUSTER_NAME_RULE}`)
  }
  return `# The cluster ${name}. Everything is made from this file:
#   natsops cert generate     certificates of the nodes
#   natsops auth init         operator, accounts and users
#   natsops config generate   server configurations and deployment files
# All keys: docs/authoring.md

name: ${name}

# The version that runs, for container images, user data and config diff.
# version: 2.15.1

# Three nodes keep quorum when one is lost; five when two are. An even number adds nothing.
# By convention they are called ${name}-node-1 ... and found at ${name}-node-1.${name}.internal.
nodes: 3
# ... or one by one:
# nodes:
#   - {name: ${name}-node-1, host: 10.0.1.11, aliases: [node-1.example.com]}

# ports: {client: 4222, cluster: 6222, monitor: 8222, leaf: 7422, gateway: 7222}
# listen: {client: 0.0.0.0, monitor: 127.0.0.1}

jetStream:
  # A disk of its own, never /tmp: the server makes a folder jetstream in it.
  storeDirectory: /var/lib/nats
  # What streams may use in all; keep a tenth of the disk free.
  maxFileStore: 50GiB
  maxMemoryStore: 256MiB
  # How much a power cut of all nodes at once may lose; always: nothing, at the cost of speed.
  syncInterval: 2m
  # domain: hub

auth:
  # Accounts and users are signed by an operator whose key never comes near a server.
  # Others: none, token, users, nkeys.
  mode: operator
  account: APP
  systemAccount: SYS
  # Users of the application account besides its admin.
  services: []
  #  - name: orders
  #    permissions: {publish: [orders.>], subscribe: [orders.>, _INBOX.>], respond: true}
  # Made by auth init; no secret.
  preload: auth/preload.json

tls:
  # On this machine: <source>/<node>/ca.crt, server.crt and server.key. On a node: in directory.
  source: tls
  directory: /etc/nats/tls
  # true: clients see a certificate; {verify: true}: they have to show one.
  client: true
  # Servers always show each other certificates.
  routes: true
  # https on the monitoring port, which has no authentication at all.
  monitor: true

limits:
  maxConnections: 10000
  maxPayload: 1MiB
  # How long a client may take to read before it is cut off.
  writeDeadline: 10s

# Before a server stops, clients are asked to leave over this time. Units and pods get more than that to end.
lameDuck: {duration: 2m, gracePeriod: 10s}

# Servers elsewhere that connect as leaves, or clusters that this one is a leaf of:
# leafNodes:
#   accept: true
#   remotes: [{urls: ["hub.example.com:7422"], tls: true, credentials: /etc/nats/leaf.creds}]

# Other clusters of a supercluster:
# gateways:
#   remotes: [{name: nats-west, urls: ["nats-west-node-1.nats-west.internal:7222"]}]

# log: {file: /var/log/nats/nats.log, maxSize: 256MiB, keep: 5}
# deploy: {user: nats, configDirectory: /etc/nats, kubernetes: {namespace: nats}}
`
}
