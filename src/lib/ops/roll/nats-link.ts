import type {NatsClient, UserCredentials} from '../../clients/ports.ts'
import type {ClusterContext} from '../../context.ts'
import type {CredentialOwner} from '../../domain/credentials.ts'
import type {NodeTarget} from '../../domain/settings.ts'
import {OpsError} from '../../errors.ts'
import {type CredentialsContext, fetchCredentials} from '../credentials.ts'

/**
 * One user's way into the cluster for as long as a roll takes. It connects when it is first needed, and again, to
 * another node, whenever a connection is lost or gives no answer: each node leaves in its turn.
 */
export interface NatsLink {
  /** One request, one answer as text. Never sent twice: whoever asked knows whether that would do harm. */
  request(subject: string, payload: string, timeoutMs: number): Promise<string>
  /** Public key of the account that the credentials are of. */
  account(): Promise<string>
  /** Goes over to another node, now, if it is connected to this one, and comes back only where no other accepts. */
  leave(node: string): void
  close(): Promise<void>
}

/** Time for one node to accept, milliseconds. A node that was just terminated does not even refuse. */
const CONNECT_LIMIT_MS = 2000

/** The server's word about the user, not about the connection: the credentials are fetched again before the next. */
const REFUSALS: ReadonlySet<string> = new Set(['NATS_AUTHORIZATION', 'CREDENTIALS_EXPIRED'])
/** Whatever comes next had better go another way. */
const LOSSES: ReadonlySet<string> = new Set([...REFUSALS, 'NATS_CONTACT_LOST', 'REQUEST_TIMEOUT'])

export type LinkContext = CredentialsContext & Pick<ClusterContext, 'nats'>

export function openNatsLink(context: LinkContext, nodes: readonly NodeTarget[], owner: CredentialOwner): NatsLink {
  let credentials: Promise<UserCredentials & {readonly account: string; readonly inspect: string}> | undefined
  let client: Promise<NatsClient> | undefined
  /** That client, once it is connected. */
  let standing: NatsClient | undefined
  let left: string | undefined
  let turn = 0
  let isClosed = false
  const pending = new Map<NatsClient, number>()
  const retired = new Set<NatsClient>()

  const identify = (): Promise<UserCredentials & {readonly account: string; readonly inspect: string}> => {
    credentials ??= fetchCredentials(context, owner).then(({credentials: {jwt, seed, claims}, inspect}) => ({
      jwt,
      seed,
      inspect,
      account: claims.account,
    }))
    const mine = credentials
    mine.catch(() => {
      if (credentials === mine) credentials = undefined
    })
    return mine
  }

  /** The nodes in another order every time, the one that is leaving last. */
  const servers = (): readonly string[] => {
    const start = turn++ % nodes.length
    const ordered = [...nodes.slice(start), ...nodes.slice(0, start)]
    return [...ordered.filter(({name}) => name !== left), ...ordered.filter(({name}) => name === left)].map(
      ({host, clientPort}) => `nats://${host.includes(':') ? `[${host}]` : host}:${clientPort}`,
    )
  }

  const connect = async (): Promise<NatsClient> => {
    const {jwt, seed, inspect} = await identify()
    return context.nats({servers: servers(), credentials: {jwt, seed}, inspect, timeoutMs: CONNECT_LIMIT_MS})
  }

  const connected = (): Promise<NatsClient> => {
    if (isClosed) throw new Error('the link is closed')
    client ??= connect()
    const mine = client
    mine.then(
      (used) => {
        if (client === mine) standing = used
      },
      (error) => {
        if (client === mine) client = undefined
        if (error instanceof OpsError && REFUSALS.has(error.code)) credentials = undefined
      },
    )
    return mine
  }

  /** No new request goes over this connection; it is closed when the last one on it has ended. */
  const retire = (used: NatsClient): void => {
    retired.add(used)
    closeWhenIdle(used)
  }

  const closeWhenIdle = (used: NatsClient): void => {
    if (!retired.has(used) || (pending.get(used) ?? 0) > 0) return
    retired.delete(used)
    pending.delete(used)
    used.close().catch(() => {})
  }

  const drop = (used: NatsClient, via: Promise<NatsClient>): void => {
    if (client === via) {
      client = undefined
      standing = undefined
    }
    retire(used)
  }

  return {
    async request(subject, payload, timeoutMs) {
      const via = connected()
      const used = await via
      pending.set(used, (pending.get(used) ?? 0) + 1)
      try {
        return Buffer.from(await used.request(subject, payload, {timeoutMs})).toString('utf8')
      } catch (error) {
        if (error instanceof OpsError && LOSSES.has(error.code)) drop(used, via)
        if (error instanceof OpsError && REFUSALS.has(error.code)) credentials = undefined
        throw error
      } finally {
        pending.set(used, (pending.get(used) ?? 1) - 1)
        closeWhenIdle(used)
      }
    },
    account: async () => (await identify()).account,
    leave(node) {
      left = node
      const via = client
      if (via === undefined) return
      const go = (used: NatsClient): void => {
        if (client === via && used.server().name === node) drop(used, via)
      }
      // At once where the connection stands, so that the next request already goes another way.
      if (standing) go(standing)
      else via.then(go, () => {})
    },
    async close() {
      isClosed = true
      const open = [...pending.keys(), ...retired]
      const last = await client?.catch(() => undefined)
      client = undefined
      await Promise.all([...new Set([...open, ...(last ? [last] : [])])].map((each) => each.close()))
    },
  }
}
