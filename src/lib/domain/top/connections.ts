import type {ConnectionRow} from '../reports/rows.ts'
import {type ConnectionsLook, rateOf} from './look.ts'
import {type ConnectionTopRow, extendTrend, sumOf, type Trend} from './rows.ts'

/** A connection's number is its server process's own, and so told apart by the time it has been there. */
function connectionKey({server, id}: Pick<ConnectionRow, 'server' | 'id'>): string {
  return JSON.stringify([server, id])
}

export function connectionRows(
  earlier: ConnectionsLook | undefined,
  later: ConnectionsLook,
  trends: ReadonlyMap<string, Trend>,
): readonly {readonly key: string; readonly row: ConnectionTopRow}[] {
  const before = new Map(earlier?.rows.map((row) => [connectionKey(row), row]))
  const seconds = earlier ? (later.at - earlier.at) / 1000 : undefined
  return later.rows.map((now) => {
    const key = connectionKey(now)
    const found = before.get(key)
    // A server that was restarted counts from 1 again: the same number, on a younger connection.
    const old = found && found.uptimeSeconds <= now.uptimeSeconds ? found : undefined
    const rate = (of: 'inMessages' | 'outMessages' | 'inBytes' | 'outBytes'): number | null =>
      rateOf(old?.[of], now[of], seconds)
    const [toServer, fromServer] = [rate('inMessages'), rate('outMessages')]
    const {server, id, name, account, ip, subscriptions, pendingBytes, rttMs, uptimeSeconds, slow} = now
    return {
      key,
      row: {
        server,
        id,
        name,
        account,
        ip,
        subscriptions,
        pendingBytes,
        rttMs,
        uptimeSeconds,
        slow,
        toServer,
        fromServer,
        toServerBytes: rate('inBytes'),
        fromServerBytes: rate('outBytes'),
        trend: extendTrend(trends.get(key), sumOf([toServer, fromServer])),
      },
    }
  })
}
