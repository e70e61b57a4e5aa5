import {ELECTION_MS, type FakeNode, type FakeState, type FakeStream, isBehind, nodeOf, serves} from './state.ts'

interface Step {
  readonly ms: number
  readonly syncPerSecond: number
}

/** Time goes by for a stream: it elects a leader, takes what is published, and its replicas follow. Returns violations. */
export function liveStream(state: FakeState, stream: FakeStream, step: Step): readonly string[] {
  const leader = stream.leader === undefined ? undefined : nodeOf(state, stream.leader)
  if (leader?.server !== 'up' || leader.instance.lifecycle === 'Terminated') return elect(state, stream)
  replicate(state, stream, step)
  return []
}

function elect(state: FakeState, stream: FakeStream): readonly string[] {
  stream.leader = undefined
  stream.leaderless ??= state.now
  const able = stream.replicas.filter((replica) => serves(state, replica))
  if (able.length * 2 <= stream.replicas.length || state.now - stream.leaderless < ELECTION_MS) return []
  const stored = (replica: string): number | undefined => nodeOf(state, replica).store.get(stream.name)
  const best = able.sort((a, b) => (stored(b) ?? -1) - (stored(a) ?? -1))[0]!
  stream.leader = best
  stream.leaderless = undefined
  return (stored(best) ?? 0) < stream.acknowledged ? [`${stream.name} lost acknowledged messages`] : []
}

function replicate(state: FakeState, stream: FakeStream, {ms, syncPerSecond}: Step): void {
  const able = stream.replicas.filter((replica) => serves(state, replica)).map((replica) => nodeOf(state, replica))
  const isMajority = able.length * 2 > stream.replicas.length
  const upToDate = able.filter((node) => !isBehind(node, stream) && !isFrozen(node, stream))
  if (isMajority && upToDate.length * 2 > stream.replicas.length) {
    stream.acknowledged += Math.round((stream.perSecond * ms) / 1000)
    for (const {store} of upToDate) store.set(stream.name, stream.acknowledged)
  }
  for (const node of able) {
    if (isFrozen(node, stream) || upToDate.includes(node)) continue
    const have = node.store.get(stream.name) ?? 0
    node.store.set(stream.name, Math.min(stream.acknowledged, have + Math.round((syncPerSecond * ms) / 1000)))
  }
}

/** Following can stop; a leader stores what it acknowledges or does not acknowledge it. */
function isFrozen(node: FakeNode, stream: FakeStream): boolean {
  return node.frozen && node.name !== stream.leader
}
