import {known} from '../answer.ts'
import {compareText} from '../assemble.ts'
import {percentOf} from '../quantity.ts'
import type {AccountRow, ConnectionRow, ServerRow, StreamRow} from './rows.ts'
import type {AccountTraffic, ConnectionsSighting, JetStreamSighting, NodeSighting, ServerIdentity} from './sightings.ts'

/** How many streams and consumers each server leads, where its own sums say nothing of it. */
export interface Led {
  readonly streams: number
  readonly consumers: number
}

/** True where no server says how many it leads: those before 2.15 do not. Then the assets have to be counted. */
export function mustCountLeaders(sightings: readonly NodeSighting<JetStreamSighting>[]): boolean {
  const totals = sightings.flatMap(({answer}) => known(answer)?.totals ?? [])
  // A server that leads nothing leaves its zero out.
  return totals.some(({streams}) => streams > 0) && totals.every(({streamsLed}) => streamsLed === undefined)
}

/** Counted from the server's own word about each of its replicas. */
export function countLed(server: string, {streams}: JetStreamSighting): Led {
  const leads = ({group}: {readonly group: {readonly leader: string | undefined}}): boolean => group.leader === server
  return {
    streams: streams.filter(leads).length,
    consumers: streams.reduce((sum, {consumers}) => sum + consumers.filter(leads).length, 0),
  }
}

export function serverRow(
  {node, server, answer}: NodeSighting<JetStreamSighting>,
  {metaLeader, led}: {readonly metaLeader: string | null; readonly led: Led | undefined},
): ServerRow {
  const seen = known(answer)
  const base = {
    server: node.name,
    problem: answer.ok ? null : answer.problem.detail,
    ...identity(server),
    isMetaLeader: metaLeader === node.name,
  }
  if (!seen) return {...base, ...UNKNOWN}
  const {totals, enabled, maxMemoryBytes, maxFileBytes, memoryBytes, fileBytes} = seen
  return {
    ...base,
    jetStream: enabled,
    accounts: totals.accounts,
    streams: totals.streams,
    consumers: totals.consumers,
    messages: totals.messages,
    bytes: totals.bytes,
    streamsLed: led?.streams ?? totals.streamsLed ?? 0,
    consumersLed: led?.consumers ?? totals.consumersLed ?? 0,
    memoryBytes,
    maxMemoryBytes,
    memoryPercent: maxMemoryBytes > 0 ? percentOf(memoryBytes, maxMemoryBytes) : null,
    fileBytes,
    maxFileBytes,
    filePercent: maxFileBytes > 0 ? percentOf(fileBytes, maxFileBytes) : null,
    reservedMemoryBytes: seen.reservedMemoryBytes,
    reservedFileBytes: seen.reservedFileBytes,
    apiRequests: seen.apiRequests,
    apiErrors: seen.apiErrors,
  }
}

function identity(server: ServerIdentity | undefined): Pick<ServerRow, 'serverId' | 'version'> {
  return {serverId: server?.id ?? null, version: server?.version || null}
}

const UNKNOWN = {
  jetStream: null,
  accounts: null,
  streams: null,
  consumers: null,
  messages: null,
  bytes: null,
  streamsLed: null,
  consumersLed: null,
  memoryBytes: null,
  maxMemoryBytes: null,
  memoryPercent: null,
  fileBytes: null,
  maxFileBytes: null,
  filePercent: null,
  reservedMemoryBytes: null,
  reservedFileBytes: null,
  apiRequests: null,
  apiErrors: null,
} as const

/** Names of accounts by id, as far as the servers tell: 2.10 knows those with JetStream only. */
export function accountNames(
  traffic: readonly NodeSighting<readonly AccountTraffic[]>[],
  jetStream: readonly NodeSighting<JetStreamSighting>[],
): ReadonlyMap<string, string> {
  const named = [
    ...traffic.flatMap(({answer}) => known(answer) ?? []),
    ...jetStream.flatMap(({answer}) => known(answer)?.accounts ?? []),
  ]
  return new Map(
    named.flatMap(({accountId, account}) => (account === accountId ? [] : [[accountId, account] as const])),
  )
}

/** Sorted by account, server and id. */
export function connectionRows(
  sightings: readonly NodeSighting<ConnectionsSighting>[],
  names: ReadonlyMap<string, string>,
): readonly ConnectionRow[] {
  const rows = sightings.flatMap(({node, answer}) =>
    (known(answer)?.connections ?? []).map(
      (each): ConnectionRow => ({
        server: node.name,
        id: each.id,
        kind: each.kind,
        name: each.name ?? null,
        account: (each.accountId && names.get(each.accountId)) ?? each.accountId ?? null,
        accountId: each.accountId ?? null,
        user: each.user ?? null,
        ip: each.ip,
        port: each.port,
        language: each.language ?? null,
        version: each.version ?? null,
        subscriptions: each.subscriptions,
        pendingBytes: each.pendingBytes,
        inMessages: each.inMessages,
        outMessages: each.outMessages,
        inBytes: each.inBytes,
        outBytes: each.outBytes,
        rttMs: each.rttMs ?? null,
        slow: each.pendingBytes > 0 || (each.stalls ?? 0) > 0,
        stalls: each.stalls ?? null,
        uptimeSeconds: each.uptimeSeconds,
        idleSeconds: each.idleSeconds,
      }),
    ),
  )
  return rows.sort(
    (a, b) => compareText(a.account ?? '', b.account ?? '') || compareText(a.server, b.server) || a.id - b.id,
  )
}

/** Clients of all servers added up, JetStream as the servers themselves add it up; sorted by account. */
export function accountRows(
  traffic: readonly NodeSighting<readonly AccountTraffic[]>[],
  jetStream: readonly NodeSighting<JetStreamSighting>[],
  streams: readonly StreamRow[],
): readonly AccountRow[] {
  const clients = Map.groupBy(
    traffic.flatMap(({answer}) => known(answer) ?? []),
    ({accountId}) => accountId,
  )
  const usages = Map.groupBy(
    jetStream.flatMap(({answer}) => known(answer)?.accounts ?? []),
    ({accountId}) => accountId,
  )
  const held = Map.groupBy(streams, ({accountId}) => accountId)
  const ids = new Set([...clients.keys(), ...usages.keys()])
  const rows = [...ids].map((accountId): AccountRow => {
    const seen = clients.get(accountId)
    const used = usages.get(accountId)
    const own = held.get(accountId) ?? []
    const sum = (of: (each: AccountTraffic) => number): number | null =>
      seen ? seen.reduce((total, each) => total + of(each), 0) : null
    const most = (of: (each: NonNullable<typeof used>[number]) => number | undefined): number | null => {
      const values = (used ?? []).flatMap((each) => of(each) ?? [])
      return values.length > 0 ? Math.max(...values) : null
    }
    return {
      account: used?.[0]?.account ?? seen?.[0]?.account ?? accountId,
      accountId,
      connections: sum(({connections}) => connections),
      leafNodes: sum(({leafNodes}) => leafNodes),
      subscriptions: sum(({subscriptions}) => subscriptions),
      slowConsumers: sum(({slowConsumers}) => slowConsumers),
      inMessages: sum(({inMessages}) => inMessages),
      inBytes: sum(({inBytes}) => inBytes),
      outMessages: sum(({outMessages}) => outMessages),
      outBytes: sum(({outBytes}) => outBytes),
      jetStream: used !== undefined,
      streams: used ? own.length : null,
      consumers: used ? own.reduce((total, {consumers}) => total + consumers, 0) : null,
      memoryBytes: most(({memoryBytes}) => memoryBytes),
      fileBytes: most(({fileBytes}) => fileBytes),
      maxMemoryBytes: most(({maxMemoryBytes}) => maxMemoryBytes),
      maxFileBytes: most(({maxFileBytes}) => maxFileBytes),
      apiRequests: most(({apiRequests}) => apiRequests),
      apiErrors: most(({apiErrors}) => apiErrors),
    }
  })
  return rows.sort((a, b) => compareText(a.account, b.account) || compareText(a.accountId, b.accountId))
}
