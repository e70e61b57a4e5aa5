import {natsCommand} from '../nats-command.ts'
import type {AssetName} from '../replication.ts'
import {type Finding, finding} from './finding.ts'
import {countAssets, type Evidence} from './judged.ts'
import {metaOfLeader, nodeOfPeer} from './look.ts'

/** Peers that are counted and belong to no node: one finding for each, whichever groups count it. */
export function judgeGhosts(evidence: Evidence): readonly Finding[] {
  const counting = new Map<string, AssetName[]>()
  const metaPeers = metaOfLeader(evidence)?.meta.peers ?? []
  const inMeta = new Set(metaPeers.filter((peer) => !nodeOfPeer(evidence, peer)).map(({name}) => name))
  for (const name of inMeta) counting.set(name, [])
  for (const {asset, name} of evidence.judged) {
    for (const {node, presence} of asset.members) {
      if (presence === 'ghost') counting.set(node, [...(counting.get(node) ?? []), name])
    }
  }
  return [...counting].map(([ghost, assets]) => {
    const command = natsCommand(['server', 'cluster', 'peer-remove'], ghost, {system: true})
    const groups = [inMeta.has(ghost) ? 'the meta group' : '', assets.length > 0 ? countAssets(assets) : '']
    return finding({
      code: 'ghost-peer',
      severity: 'warning',
      nodes: [ghost],
      assets,
      message: `is counted by ${groups.filter((part) => part !== '').join(' and ')}, and is none of the nodes`,
      meaning: "a vote that never comes: a server's name was changed, or a node was removed and not its peer",
      next: `only if no server of that name will come back: ${command}`,
    })
  })
}
