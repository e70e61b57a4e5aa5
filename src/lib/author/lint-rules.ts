/** What the server accepts and operators regret. docs/config-check.md has these for reading. */

export const lintSeverities = ['critical', 'warning', 'info'] as const
export type LintSeverity = (typeof lintSeverities)[number]

export interface LintRule {
  readonly severity: LintSeverity
  readonly reason: string
  readonly reference: string
}

const CONFIGURATION = 'https://docs.nats.io/running-a-nats-service/configuration'
const ADMINISTRATION = 'https://docs.nats.io/running-a-nats-service/nats_admin'
const AUTHENTICATION = `${CONFIGURATION}/securing_nats/auth_intro`
const PASSWORDS = `${AUTHENTICATION}/username_password`
const TLS = `${CONFIGURATION}/securing_nats/tls`
const JETSTREAM = `${CONFIGURATION}/clustering/jetstream_clustering`
const STORAGE = `${CONFIGURATION}/resource_management`
const DOMAINS = `${CONFIGURATION}/leafnodes/jetstream_leafnodes`

/** Ids are public interface: none is ever renamed. */
export const lintRules = {
  'server-refuses': rule(
    'critical',
    'a server with this file does not start, and a reload of it is refused',
    CONFIGURATION,
  ),
  'server-file-missing': rule(
    'warning',
    'the file is not on this machine, so what depends on it was not checked; on the node it must be there',
    TLS,
  ),
  'server-warns': rule(
    'warning',
    'the server starts with it and warns; its own check takes it for an error',
    CONFIGURATION,
  ),
  'duration-number': rule(
    'warning',
    '`2m` without quotes is the number two million, and a number is a count of seconds: write "2m"',
    CONFIGURATION,
  ),
  'auth-none': rule(
    'critical',
    'whoever reaches the client port can read, write and delete everything',
    AUTHENTICATION,
  ),
  'routes-open': rule(
    'critical',
    'whoever reaches the cluster port can join as a server, and a server sees every message of every account',
    `${CONFIGURATION}/clustering/cluster_config`,
  ),
  'store-temporary': rule(
    'critical',
    'what is stored there is gone after a reboot or a clean-up, and the server returns as an empty peer',
    STORAGE,
  ),
  'server-name-duplicate': rule(
    'critical',
    'peers are known by the names of their servers: two with one name are one peer, and messages are lost',
    JETSTREAM,
  ),
  'name-whitespace': rule(
    'critical',
    'names become parts of subjects and of the RAFT peer list; newer servers refuse to start with a blank in one',
    JETSTREAM,
  ),
  'cluster-name-differs': rule(
    'critical',
    'servers with different cluster names refuse each other as routes: the cluster does not form',
    `${CONFIGURATION}/clustering/cluster_config`,
  ),
  'domain-clash': rule(
    'critical',
    'two JetStream systems that can hear each other answer to the same domain: requests reach either of them',
    DOMAINS,
  ),
  'server-name-missing': rule(
    'warning',
    'the server takes a new random name at every start; with JetStream in a cluster it refuses to start without one',
    JETSTREAM,
  ),
  'server-name-changing': rule(
    'warning',
    'a replacement with another name is another peer: the old one stays in every group and counts for quorum',
    JETSTREAM,
  ),
  'cluster-name-missing': rule(
    'warning',
    'the servers make up a name at their start; with JetStream they refuse to start without one',
    JETSTREAM,
  ),
  'cluster-small': rule(
    'warning',
    'fewer than three servers lose their majority with the first one that fails',
    JETSTREAM,
  ),
  'cluster-even': rule(
    'warning',
    'an even number of servers bears no more failures than one server fewer, and can be split in halves',
    JETSTREAM,
  ),
  'configs-differ': rule(
    'warning',
    'what a client may do and what is stored then depends on the server it happens to reach',
    `${CONFIGURATION}/clustering`,
  ),
  'domain-missing': rule(
    'warning',
    "a leaf node with JetStream and without a domain shares the hub's API subjects: requests reach either of them",
    DOMAINS,
  ),
  'auth-anonymous': rule(
    'warning',
    'whoever connects without credentials has the rights of that user',
    `${CONFIGURATION}/securing_nats/accounts`,
  ),
  'password-plain': rule(
    'warning',
    'whoever sees the file, a backup or the repository it is in can log in; a bcrypt hash tells them nothing',
    PASSWORDS,
  ),
  'bcrypt-cost': rule(
    'warning',
    'below cost 11 a stolen hash is guessed cheaply; above 14 every connection takes a core for a second or more',
    PASSWORDS,
  ),
  'file-readable': rule('warning', 'every user of the machine can read the secrets in the file', PASSWORDS),
  'clients-plain': rule('warning', 'passwords and tokens travel over the network as they are', TLS),
  'tls-optional': rule('warning', 'clients without TLS are accepted next to those with it', TLS),
  'tls-insecure': rule('warning', 'the certificate of the other side is not verified: anybody can be it', TLS),
  'monitor-exposed': rule(
    'warning',
    'the monitoring port asks nobody who they are and tells accounts, subjects, addresses and client names',
    `${ADMINISTRATION}/monitoring`,
  ),
  'routes-plain': rule('warning', 'every replicated message travels between the servers as it is', TLS),
  'gateway-plain': rule('warning', 'messages travel between the clusters as they are, often over other networks', TLS),
  'leafnodes-plain': rule('warning', 'messages and credentials of leaf nodes travel as they are', TLS),
  'storage-unlimited': rule(
    'warning',
    'without a limit of its own JetStream takes three quarters of the memory and of the disk it finds at its start',
    STORAGE,
  ),
  'payload-large': rule(
    'warning',
    'messages over 8 MB stall the connections they share; the server itself warns about it',
    STORAGE,
  ),
  'sync-slow': rule(
    'warning',
    'what was acknowledged since the last sync is lost where power or kernel fails on a majority of the replicas',
    STORAGE,
  ),
  'sync-single': rule(
    'warning',
    'without replicas, what was acknowledged since the last sync (two minutes by default) is lost with power or kernel',
    STORAGE,
  ),
  'lame-duck-long': rule(
    'warning',
    'the server is killed before its clients have moved away: they reconnect all at once, and writes are cut',
    `${ADMINISTRATION}/lame_duck_mode`,
  ),
  'logging-verbose': rule(
    'warning',
    'trace writes the content of messages to the log, and both cost more than the messages themselves',
    `${CONFIGURATION}/logging`,
  ),
  'key-repeated': rule('warning', 'one of the values counts and the others are dropped without a word', CONFIGURATION),
  'single-server': rule('info', 'every stream has one replica: the service and its data go with the server', JETSTREAM),
  'sync-default': rule(
    'info',
    'the server syncs every two minutes: replicas cover one failed machine, not a power cut of all of them',
    STORAGE,
  ),
  'lame-duck-default': rule(
    'info',
    'systemd kills after 90 s by default; where the unit stops the server by lame duck mode that is too early',
    `${ADMINISTRATION}/lame_duck_mode`,
  ),
  'connections-unlimited': rule(
    'info',
    'the default is 65536 connections, more than a small machine can hold',
    CONFIGURATION,
  ),
  'system-account-missing': rule(
    'info',
    'nobody can ask the servers about themselves over NATS, move leaders away or remove a peer',
    `${CONFIGURATION}/sys_accounts`,
  ),
} as const satisfies Readonly<Record<string, LintRule>>

export type LintRuleId = keyof typeof lintRules

function rule(severity: LintSeverity, reason: string, reference: string): LintRule {
  return {severity, reason, reference}
}
