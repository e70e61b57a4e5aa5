import {AsyncLocalStorage} from 'node:async_hooks'
import {subscribe, unsubscribe} from 'node:diagnostics_channel'
import {isIP, type Socket} from 'node:net'
import {setTimeout as delay} from 'node:timers/promises'
import {checkServerIdentity, type PeerCertificate} from 'node:tls'
import type {ConnectionOptions, NatsConnection, TlsOptions} from 'nats'
import type {ClusterSettings} from '../../domain/settings.ts'
import type {OpsError} from '../../errors.ts'
import type {Lookups} from '../lookups.ts'
import type {NatsClient, NatsConnectOptions} from '../ports.ts'
import {readTlsFiles, type TlsMaterial} from '../tls-files.ts'
import {loadNkeys} from './ed25519.ts'
import {type ConnectFailure, explainConnectFailures, explainRequestFailure} from './errors.ts'
import {hangUpOnGarbage} from './parser.ts'

/** How long closing may take: what is still unsent then is given up. */
const CLOSE_LIMIT_MS = 2000

/**
 * Connects to the first of the servers that accepts; `timeoutMs` is the limit for each of them. The credentials stay in
 * memory. TLS is used where settings name TLS files, the URL says tls:// or the server asks for it, and is always
 * verified.
 *
 * A lost connection is not mended: the next request is rejected with NATS_CONTACT_LOST, and whoever can go on connects
 * again. The library looks names up itself and cannot be told how; with `lookups` it comes to that only for a name which
 * they have just found. Rejects with NATS_UNREACHABLE, NATS_TLS (exit 7), NATS_AUTHORIZATION or CREDENTIALS_EXPIRED (exit 10).
 */
export async function connectNats(
  settings: Pick<ClusterSettings, 'tls'>,
  {servers, credentials, inspect, timeoutMs, inboxPrefix}: NatsConnectOptions,
  lookups?: Pick<Lookups, 'addresses'>,
): Promise<NatsClient> {
  const {connect, createInbox, jwtAuthenticator} = await import('nats')
  await hangUpOnGarbage()
  loadNkeys()
  const certificates = await readTlsFiles(settings.tls)
  const seed = new TextEncoder().encode(credentials?.seed)
  const failures: ConnectFailure[] = []
  try {
    for (const server of servers) {
      const sockets: Dialled = {all: [], connected: 0}
      const options: ConnectionOptions = {
        servers: server,
        name: 'natsops',
        timeout: timeoutMs,
        reconnect: false,
        // The system's resolver, not the library's own: it knows split DNS of a VPN and /etc/hosts.
        resolve: false,
        ...(inboxPrefix === undefined ? {} : {inboxPrefix}),
        ...tlsOptions(server, certificates),
        ...(credentials ? {authenticator: jwtAuthenticator(credentials.jwt, seed)} : {}),
      }
      try {
        if (lookups) await resolveFirst(hostOf(server), timeoutMs, lookups)
        return clientOf(
          await collectSockets(sockets, server, () => connect(options)),
          createInbox(inboxPrefix),
          inspect,
        )
      } catch (cause) {
        failures.push({server, cause, connected: sockets.connected > 0})
        // The library forgets a socket whose connection timed out before the server's greeting: it would keep us alive.
        for (const socket of sockets.all) socket.destroy()
      }
    }
  } finally {
    seed.fill(0)
  }
  throw explainConnectFailures(failures, credentials, {now: Date.now(), timeoutMs, inspect})
}

function clientOf(connection: NatsConnection, ownInbox: string, inspect: string | undefined): NatsClient {
  let gathered = 0
  const explain = (subject: string, cause: unknown, timeoutMs: number): OpsError =>
    explainRequestFailure(subject, cause, {timeoutMs, inspect})
  return {
    server() {
      const {server_name: name = '', server_id: id = '', version = '', cluster} = connection.info ?? {}
      return {name, id, version, cluster}
    },
    rtt: () => connection.rtt().catch((cause) => Promise.reject(explain('PING', cause, CLOSE_LIMIT_MS))),
    async request(subject, payload, {timeoutMs}) {
      try {
        return (await connection.request(subject, payload, {timeout: timeoutMs})).data
      } catch (error) {
        const cause = connection.isClosed() ? await endOf(connection) : error
        throw explain(subject, cause, timeoutMs)
      }
    },
    async gather(subject, payload, options) {
      const {gather} = await import('./gather.ts')
      try {
        gathered += 1
        await gather(connection, `${ownInbox}.${gathered}`, subject, payload, options)
      } catch (error) {
        throw explain(subject, connection.isClosed() ? await endOf(connection) : error, options.timeoutMs)
      }
    },
    async echo({timeoutMs}) {
      const {promise: heard, resolve, reject} = Promise.withResolvers<number>()
      const began = performance.now()
      const callback = (error: Error | null): void => (error ? reject(error) : resolve(performance.now() - began))
      const subscription = connection.subscribe(ownInbox, {max: 1, callback})
      // As a request, because that is how the library tells that publishing is not permitted; nobody answers it.
      const sent = connection.request(ownInbox, '', {timeout: timeoutMs})
      try {
        return await Promise.race([heard, sent.then(() => heard)])
      } catch (cause) {
        throw explain(ownInbox, connection.isClosed() ? await endOf(connection) : cause, timeoutMs)
      } finally {
        for (const left of [heard, sent]) left.catch(() => {})
        subscription.unsubscribe()
      }
    },
    async maySubscribe(subject) {
      let refusal: Error | undefined
      const callback = (error: Error | null): void => {
        if (error) refusal = error
      }
      const subscription = connection.subscribe(subject, {callback})
      try {
        // The server's complaint comes before its answer to the ping.
        await connection.flush()
      } catch (error) {
        throw explain(`SUB ${subject}`, connection.isClosed() ? await endOf(connection) : error, 0)
      }
      subscription.unsubscribe()
      return refusal === undefined
    },
    async close() {
      if (connection.isClosed()) return
      const limit = new AbortController()
      await Promise.race([connection.drain().catch(() => {}), delay(CLOSE_LIMIT_MS, undefined, limit).catch(() => {})])
      limit.abort()
      await connection.close()
    },
  }
}

/** Why a connection is closed. The library calls each request that was under way then a timeout. */
async function endOf(connection: NatsConnection): Promise<Error> {
  const end = await connection.closed()
  const {code} = (end ?? {}) as {code?: string}
  if (end && /_EXPIRED$/.test(code ?? '')) return end
  return Object.assign(new Error('the connection ended', {cause: end}), {code: 'CONNECTION_CLOSED'})
}

interface Dialled {
  readonly all: Socket[]
  connected: number
}

/** Runs the work and notes each socket that it, and nobody else meanwhile, opens to that server. */
async function collectSockets<T>(sockets: Dialled, server: string, work: () => Promise<T>): Promise<T> {
  const scope = new AsyncLocalStorage<true>()
  const note = (message: unknown): void => {
    if (!scope.getStore()) return
    const {socket} = message as {socket: Socket}
    sockets.all.push(socket)
    socket.once('connect', () => {
      sockets.connected += 1
      // What Node checks a certificate against where TLS is given a socket and no name: an IP address is not noted there,
      // and `localhost` would take its place. For a server that asks for TLS nobody configured; see tlsOptions.
      const dialled = socket as Socket & {_host?: string}
      dialled._host ??= hostOf(server)
    })
  }
  subscribe('net.client.socket', note)
  try {
    return await scope.run(true, work)
  } finally {
    unsubscribe('net.client.socket', note)
  }
}

/** Rejects where the name has no address, or not in time: then the library is not to look for one either. */
async function resolveFirst(host: string, limitMs: number, {addresses}: Pick<Lookups, 'addresses'>): Promise<void> {
  const limit = new AbortController()
  const late = delay(limitMs, undefined, limit).then(() => {
    throw Object.assign(new Error(`no address for ${host} in time`), {code: 'TIMEOUT'})
  })
  late.catch(() => {})
  try {
    await Promise.race([addresses(host), late])
  } finally {
    limit.abort()
  }
}

/**
 * Asking for TLS makes the library refuse a server without it. The certificate must be for the host that was asked for;
 * left to itself, the library would hold the certificate of an IP address against the name `localhost`.
 */
function tlsOptions(server: string, certificates: TlsMaterial): {tls?: TlsOptions} {
  if (Object.keys(certificates).length === 0 && !server.startsWith('tls://')) return {}
  const host = hostOf(server)
  const identity = {
    ...(isIP(host) ? {} : {servername: host}),
    checkServerIdentity: (_name: string, certificate: PeerCertificate) => checkServerIdentity(host, certificate),
  }
  return {tls: {...certificates, ...identity} as TlsOptions}
}

function hostOf(server: string): string {
  return new URL(server.includes('://') ? server : `nats://${server}`).hostname.replace(/^\[|\]$/g, '')
}
