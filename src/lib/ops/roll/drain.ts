import {compareNames} from '../../domain/natural-order.ts'
import {assetsOf, verdictsOf} from '../../domain/roll/facts.ts'
import {ledBy} from '../../domain/roll/plan.ts'
import {labelOf} from '../../domain/roll/predicates.ts'
import {metaLeader} from '../../domain/roll/standing.ts'
import type {NodeIdentity, Predicate, RollView} from '../../domain/roll/view.ts'
import type {RollMachine} from './machine.ts'
import type {LedGroup} from './ports.ts'

/** How often one group is asked to step down before it is left to the server's own shutdown. */
const ATTEMPTS = 8

/**
 * DRAIN: every group the node leads is handed to a peer that holds the data, so that publishers stall for milliseconds
 * instead of an election. Groups out of reach of the credentials are left to the lame duck of STOP, and said.
 */
export async function drainNode(machine: RollMachine, {node}: NodeIdentity): Promise<void> {
  const {deps} = machine
  const attempts = new Map<string, number>()
  const leftAlone = new Map<string, string>()
  const asked = new Map<string, string | undefined>()
  await machine.wait(
    {state: 'DRAIN', node, limitMs: deps.limits.drain, goal: `${node} leads nothing`},
    async (view) => {
      const led = groupsLedBy(view, node)
      for (const [label, to] of asked) {
        if (led.some((group) => group.label === label)) continue
        asked.delete(label)
        await machine.record({
          type: 'moved',
          at: deps.clock.now(),
          node,
          group: label,
          to: leaderOf(view, label) ?? to ?? 'a peer',
        })
      }
      const toAsk = led.filter(({label}) => !leftAlone.has(label))
      if (toAsk.length === 0) return {done: true, value: undefined}
      for (const group of toAsk) {
        deps.signal.throwIfAborted()
        await machine.keepLock()
        const count = attempts.get(group.label) ?? 0
        attempts.set(group.label, count + 1)
        const preferred = bestPeer(view, group, node)
        const answer = await deps.world.stepDown(group, preferred)
        if (answer.kind === 'asked') asked.set(group.label, preferred)
        else if (answer.kind === 'out-of-reach') leftAlone.set(group.label, answer.why)
        else if (count + 1 >= ATTEMPTS)
          return {done: false, waitingFor: [stillLeads(node, [`${group.label}: ${answer.why}`])]}
      }
      return {
        done: false,
        waitingFor: [
          stillLeads(
            node,
            toAsk.map(({label}) => label),
          ),
        ],
      }
    },
  )
  for (const why of new Set(leftAlone.values())) {
    const groups = [...leftAlone].filter(([, reason]) => reason === why).map(([label]) => label)
    await machine.record({
      type: 'skipped',
      at: deps.clock.now(),
      node,
      what: `moving the leader of ${summarise(groups)}`,
      why,
    })
  }
}

/** The peer that should lead next: holds everything, and leads least so far. */
function bestPeer(view: RollView, {account, accountId, stream, consumer}: LedGroup, node: string): string | undefined {
  if (stream === undefined) return view.later.nodes.map(({target}) => target.name).find((name) => name !== node)
  const standing = verdictsOf(view).filter(({asset, verdict}) => {
    return (
      verdict === 'caught-up' &&
      asset.account === account &&
      asset.accountId === accountId &&
      asset.stream === stream &&
      asset.consumer === consumer
    )
  })
  const peers = standing.map((verdict) => verdict.node).filter((name) => name !== node)
  return peers.sort((a, b) => ledBy(view, a).length - ledBy(view, b).length || compareNames(a, b))[0]
}

function groupsLedBy(view: RollView, node: string): readonly LedGroup[] {
  const assets = assetsOf(view).filter((asset) => asset.replicas > 1 && asset.leader === node)
  const meta: LedGroup = {label: '_meta_', account: undefined, stream: undefined, consumer: undefined}
  const led = assets.map((asset) => ({
    label: labelOf(asset),
    account: asset.account,
    ...(asset.accountId === undefined ? {} : {accountId: asset.accountId}),
    stream: asset.stream,
    consumer: asset.kind === 'consumer' ? asset.consumer : undefined,
  }))
  return metaLeader(view) === node ? [...led, meta] : led
}

function leaderOf(view: RollView, label: string): string | undefined {
  if (label === '_meta_') return metaLeader(view)
  return assetsOf(view).find((asset) => labelOf(asset) === label)?.leader
}

function stillLeads(node: string, groups: readonly string[]): Predicate {
  return {
    id: 'I2',
    title: 'the node leads nothing',
    holds: false,
    reasons: [`${node} still leads ${summarise(groups)}`],
    remedy: 'another replica takes the lead',
  }
}

function summarise(groups: readonly string[]): string {
  return groups.length > 5 ? `${groups.slice(0, 5).join(', ')} and ${groups.length - 5} more` : groups.join(', ')
}
