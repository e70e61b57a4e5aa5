import {known} from '../answer.ts'
import type {Asset} from '../assets.ts'
import {percentOf} from '../quantity.ts'
import {type NodePair, rateOf} from './look.ts'
import {extendTrend, type NodeTopRow, sumOf} from './rows.ts'

/** One row a node, in the cluster's order. `before`: the rows of the earlier look, for their trends. */
export function nodeRows(
  pairs: readonly NodePair[],
  assets: readonly Asset[],
  metaLeader: string | undefined,
  before: readonly NodeTopRow[],
): readonly NodeTopRow[] {
  return pairs.map((pair): NodeTopRow => {
    const {node, seen, now, before: old, earlier, seconds} = pair
    const jetStream = known(seen.jetStream)
    const oldJetStream = known(earlier?.jetStream)
    const rate = (key: 'inMsgs' | 'outMsgs' | 'inBytes' | 'outBytes'): number | null =>
      rateOf(old?.[key], now?.[key], seconds)
    const [inMessages, outMessages] = [rate('inMsgs'), rate('outMsgs')]
    return {
      node,
      ...stateOf(pair),
      metaLeader: metaLeader === node,
      leads: assets.filter(({leader, replicas}) => replicas > 1 && leader === node).length,
      version: now?.version ?? null,
      uptimeSeconds: now ? Math.max(0, (now.now - now.startedAt) / 1000) : null,
      cpuPercent: now?.cpuPercent ?? null,
      memoryBytes: now?.memoryBytes ?? null,
      storePercent: jetStream?.enabled ? percentOf(jetStream.fileBytes, jetStream.maxFileBytes) : null,
      connections: now?.connections ?? null,
      inMessages,
      outMessages,
      inBytes: rate('inBytes'),
      outBytes: rate('outBytes'),
      apiRequests: rateOf(oldJetStream?.apiRequests, jetStream?.apiRequests, seconds),
      apiErrors: rateOf(oldJetStream?.apiErrors, jetStream?.apiErrors, seconds),
      slowConsumers: now?.slowConsumers ?? null,
      newSlowConsumers: now && old ? Math.max(0, now.slowConsumers - old.slowConsumers) : null,
      trend: extendTrend(before.find((row) => row.node === node)?.trend, sumOf([inMessages, outMessages])),
    }
  })
}

function stateOf({seen, now, restarted}: NodePair): Pick<NodeTopRow, 'state' | 'why'> {
  if (!now) return {state: 'down', why: seen.server.ok ? null : seen.server.problem.detail}
  // Its server answers, but another name does, or two processes did: observe has made that a problem of the rest.
  if (!seen.jetStream.ok && seen.jetStream.problem.kind === 'malformed') {
    return {state: 'unwell', why: seen.jetStream.problem.detail}
  }
  if (now.lameDuck) return {state: 'closing', why: 'its client port is closed'}
  if (restarted) return {state: 'restarted', why: 'another process than in the look before'}
  if (!seen.health.ok) return {state: 'unwell', why: seen.health.problem.detail}
  const {httpStatus, errors} = seen.health.value
  if (httpStatus !== 200) return {state: 'unwell', why: errors[0]?.error || `healthz says ${httpStatus}`}
  if (!seen.jetStream.ok) return {state: 'unwell', why: `jsz: ${seen.jetStream.problem.detail}`}
  return {state: 'ok', why: null}
}
