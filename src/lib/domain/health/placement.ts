import type {Asset} from '../assets.ts'
import {natsCommand} from '../nats-command.ts'
import {compareNames} from '../natural-order.ts'
import {counted, largest, smallest} from '../quantity.ts'
import {compareAssets, type Finding, finding} from './finding.ts'
import {describeAssets, type Evidence, type JudgedAsset, streamKeyOf} from './judged.ts'

/** How streams and consumers are spread: what is well today and would not bear a loss, or cannot be as configured. */
export function judgePlacement(evidence: Evidence): readonly Finding[] {
  const {judged} = evidence
  return [...unplaced(judged), ...aboveNodes(evidence), ...singleReplicas(evidence), ...memoryStreams(judged)]
}

/** A group that no longer has the members it was configured for: one was removed and none took its place. */
function unplaced(judged: readonly JudgedAsset[]): readonly Finding[] {
  const short = judged.filter(({asset}) => asset.leader !== undefined && asset.members.length < asset.replicas)
  if (short.length === 0) return []
  const names = short.map(({name}) => name)
  return [
    finding({
      code: 'replica-unplaced',
      severity: 'warning',
      assets: names,
      message: `fewer members than replicas configured: ${describeAssets(names)}`,
      measured: smallest(short.map(({asset}) => asset.members.length)),
      limit: largest(short.map(({asset}) => asset.replicas)),
      meaning: 'a copy is missing and nothing makes it: no node had room or fitted the placement',
      next: 'free room or add a node, then set the number of replicas again: natsops exec -- nats stream edit --replicas 3 -- NAME',
    }),
  ]
}

function aboveNodes({later, judged}: Evidence): readonly Finding[] {
  const size = later.nodes.length
  const above = judged.filter(({asset}) => asset.replicas > size)
  if (above.length === 0) return []
  const names = above.map(({name}) => name)
  return [
    finding({
      code: 'replicas-above-nodes',
      severity: 'warning',
      assets: names,
      message: `more replicas than the ${counted(size, 'node')} of the cluster: ${describeAssets(names)}`,
      measured: largest(above.map(({asset}) => asset.replicas)),
      limit: size,
      meaning:
        'the majority is counted over replicas that cannot exist: these groups bear fewer losses than they seem to',
      next: `tell natsops of all nodes; or lower them: natsops exec -- nats stream edit --replicas ${Math.min(size, 3)} -- NAME`,
    }),
  ]
}

/**
 * One copy is a choice, and well until its node goes: so this is something to know, not something wrong now.
 * Ephemeral consumers are left out, for their clients make them anew.
 */
function singleReplicas({later, judged}: Evidence): readonly Finding[] {
  if (later.nodes.length < 2) return []
  const single = judged.filter(({asset}) => asset.replicas === 1 && (asset.kind === 'stream' || isDurable(asset)))
  if (single.length === 0) return []
  const streams = new Set(single.filter(({asset}) => asset.kind === 'stream').map(({name}) => streamKeyOf(name)))
  const shown = single.filter(({asset, name}) => asset.kind === 'stream' || !streams.has(streamKeyOf(name)))
  const names = shown.map(({name}) => name)
  const [first, ...others] = names
  const name = first && others.length === 0 ? first.stream : 'NAME'
  return [
    finding({
      code: 'single-replica',
      severity: 'info',
      nodes: shown.flatMap(({asset}) => asset.members.map(({node}) => node)),
      assets: names,
      message: `one replica only: ${describeAssets(names)}`,
      measured: 1,
      limit: 3,
      meaning: 'lost with its node, in silence: the server makes it anew, empty, and calls itself healthy',
      next: `if it matters: ${natsCommand(['stream', 'edit', '--replicas', '3'], name)}`,
    }),
  ]
}

function isDurable(asset: Asset): boolean {
  return asset.kind === 'consumer' && asset.members.some(({state}) => state?.durable)
}

function memoryStreams(judged: readonly JudgedAsset[]): readonly Finding[] {
  const volatile = judged.filter(
    ({asset}) => asset.kind === 'stream' && asset.storage === 'memory' && asset.replicas > 1,
  )
  if (volatile.length === 0) return []
  const names = volatile.map(({name}) => name).sort(compareAssets)
  const nodes = volatile.flatMap(({asset}) => asset.members.map(({node}) => node)).sort(compareNames)
  return [
    finding({
      code: 'memory-stream',
      severity: 'info',
      nodes,
      assets: names,
      message: `kept in memory only: ${describeAssets(names)}`,
      meaning: 'a restarted server comes back without it: gone when a majority of its nodes restarts at once',
      next: 'restart nodes one at a time, the next only when natsops health is ok',
    }),
  ]
}
