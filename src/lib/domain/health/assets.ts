import {natsCommand} from '../nats-command.ts'
import {counted, humanCount} from '../quantity.ts'
import {type Finding, type FindingCode, finding, groupBy, titleOf} from './finding.ts'
import {describeAssets, type Evidence, isDisputed, isLeaderless, type JudgedAsset, keyOf} from './judged.ts'
import {silentNodes} from './look.ts'
import {statusOf} from './node-commands.ts'

/** What is stored where, and what it can still bear. Replicas are judged by what they hold, not by their leader. */
export function judgeAssets(evidence: Evidence): readonly Finding[] {
  const {judged} = evidence
  return [
    ...leaders(judged),
    ...replicas(judged),
    ...unproven(evidence),
    ...vanished(evidence),
    ...writeErrors(judged),
    ...consumerPending(evidence),
  ]
}

function leaders(judged: readonly JudgedAsset[]): readonly Finding[] {
  const without = judged.filter(isLeaderless).map(({name}) => name)
  const disputed = judged.filter(isDisputed).map(({name}) => name)
  const findings: Finding[] = []
  if (without.length > 0) {
    findings.push(
      finding({
        code: 'asset-leaderless',
        severity: 'critical',
        assets: without,
        message: `no leader: ${describeAssets(without)}`,
        measured: without.length,
        limit: 0,
        meaning: 'nothing is written to these, read or acknowledged; an election takes up to 9s, then it is stuck',
        next: 'look again in 10s; if it stays, bring silent nodes back and make room in full stores: natsops report jetstream',
      }),
    )
  }
  if (disputed.length > 0) {
    findings.push(
      finding({
        code: 'asset-leader-disputed',
        severity: 'warning',
        assets: disputed,
        message: `no agreement on the leader: ${describeAssets(disputed)}`,
        measured: disputed.length,
        limit: 0,
        meaning: 'the leader is changing just now, or a node is cut off and has not noticed',
        next: 'look again in 10s; if it stays, check the routes between the nodes',
      }),
    )
  }
  return findings
}

const REPLICA_WORDS = {
  behind: {
    code: 'replica-behind',
    severity: 'warning',
    what: 'is behind in',
    meaning: 'the node is not safe to count on: it catches up or lags; a second loss now can lose data',
    next: 'touch no other node; watch it catch up: natsops health --watch',
  },
  missing: {
    code: 'replica-missing',
    severity: 'warning',
    what: 'has no replica of',
    meaning: 'its groups count a copy that is not there: it has just been replaced, or its store was lost',
    next: 'touch no other node; watch it come back: natsops health --watch',
  },
  diverged: {
    code: 'replica-diverged',
    severity: 'critical',
    what: 'holds other data than the leader in',
    meaning: 'the copies contradict each other: what is read depends on who leads',
    next: 'do not restart or replace anything; keep the stores; compare: natsops report raft --sort -behind',
  },
} as const satisfies Record<string, {code: FindingCode; severity: Finding['severity']} & Record<string, string>>

/**
 * One finding for each node and way of being wrong: a node that catches up is one cause, however much it holds. The
 * members of a group that is only just being made come one after the other: none of them is missing yet.
 */
function replicas(judged: readonly JudgedAsset[]): readonly Finding[] {
  const led = judged.filter((each) => !each.isNew && !isLeaderless(each)).flatMap(({verdicts}) => verdicts)
  return (['diverged', 'missing', 'behind'] as const).flatMap((standing) => {
    const {what, ...words} = REPLICA_WORDS[standing]
    const byNode = groupBy(
      led.filter(({verdict}) => verdict === standing),
      ({node}) => node,
    )
    return [...byNode].map(([node, wrong]) => {
      const names = wrong.map(({asset}) => asset)
      const most = wrong.reduce((worst, each) => (each.behindBy > worst.behindBy ? each : worst))
      const detail = standing === 'missing' ? '' : `; ${titleOf(most.asset)} ${most.reason}`
      return finding({
        ...words,
        nodes: [node],
        assets: names,
        message: `${what} ${describeAssets(names)}${detail}`,
        measured: most.behindBy,
        limit: 0,
      })
    })
  })
}

/**
 * Unknown means not proven. Groups that are leaderless or disputed, that a silent node leads, and ghosts have findings
 * of their own.
 */
function unproven(evidence: Evidence): readonly Finding[] {
  const silent = new Set(silentNodes(evidence).map(({target}) => target.name))
  const open = evidence.judged
    .filter((each) => !each.isNew && !isLeaderless(each) && !isDisputed(each))
    .filter(({asset}) => asset.leader === undefined || !silent.has(asset.leader))
    .flatMap(({asset, name, verdicts}) => {
      const ghosts = new Set(asset.members.filter(({presence}) => presence === 'ghost').map(({node}) => node))
      const unknown = verdicts.filter(({verdict, node}) => verdict === 'unknown' && !ghosts.has(node))
      return unknown.length > 0 ? [{name, unknown}] : []
    })
  const [first] = open
  if (!first) return []
  const names = open.map(({name}) => name)
  const reason = first.unknown[0]?.reason ?? ''
  return [
    finding({
      code: 'replica-unproven',
      severity: 'warning',
      nodes: open.flatMap(({unknown}) => unknown.map(({node}) => node)),
      assets: names,
      message: `replicas cannot be compared: ${describeAssets(names)}${reason === '' ? '' : ` (${reason})`}`,
      measured: names.length,
      limit: 0,
      meaning: 'nothing to compare them with: the leader changed between the two looks, or does not count them',
      next: 'look again: natsops health; if it stays: natsops report raft --sort -behind',
    }),
  ]
}

/** Only what every node that had it denies; where one of them is silent, that is all there is to say. */
function vanished({vanished: verdicts}: Evidence): readonly Finding[] {
  const gone = groupBy(
    verdicts.filter(({verdict}) => verdict === 'missing'),
    ({asset}) => keyOf(asset),
  )
  const names = [...gone.values()].flatMap(([first]) => (first ? [first.asset] : []))
  if (names.length === 0) return []
  return [
    finding({
      code: 'asset-vanished',
      severity: names.some(({kind}) => kind === 'stream') ? 'warning' : 'info',
      assets: names,
      message: `gone between two looks: ${describeAssets(names)}`,
      measured: names.length,
      limit: 0,
      meaning: 'somebody has just deleted it; if nobody did, it was lost',
      next: 'ask who did; the log of each node tells of a loss: natsops node logs NODE',
    }),
  ]
}

function writeErrors(judged: readonly JudgedAsset[]): readonly Finding[] {
  const failed = judged.flatMap(({asset, name}) =>
    asset.members.flatMap(({node, raft}) => (raft?.writeError ? [{node, name, error: raft.writeError}] : [])),
  )
  return [...groupBy(failed, ({node}) => node)].map(([node, errors]) => {
    const names = errors.map(({name}) => name)
    return finding({
      code: 'store-write-error',
      severity: 'critical',
      nodes: [node],
      assets: names,
      message: `cannot write: ${errors[0]?.error ?? ''}; ${describeAssets(names)}`,
      meaning: 'the node has stopped storing for these groups: its disk is full or broken',
      next: `${statusOf(node)}; on ${node}: dmesg | tail -n 50`,
    })
  })
}

function consumerPending({settings: {thresholds}, judged}: Evidence): readonly Finding[] {
  const limit = thresholds.consumerPending
  const late = judged
    .flatMap(({asset, name}) => {
      if (asset.kind !== 'consumer') return []
      const told = asset.members.filter(
        ({node, state}) => state && (asset.leader === undefined || node === asset.leader),
      )
      const pending = Math.max(0, ...told.map(({state}) => state?.numPending ?? 0))
      const paused = told.some(({state}) => state?.paused)
      return pending > limit ? [{name, pending, paused}] : []
    })
    .sort((a, b) => b.pending - a.pending)
  const [most] = late
  if (!most) return []
  const names = late.map(({name}) => name)
  return [
    finding({
      code: 'consumer-pending',
      severity: 'warning',
      assets: names,
      message: `${counted(late.length, 'consumer')} far behind: ${titleOf(most.name)} has ${humanCount(most.pending)} pending${most.paused ? ' (paused)' : ''} (limit ${humanCount(limit)})`,
      measured: most.pending,
      limit,
      meaning:
        'its service is down, too slow, or was never connected; in an interest stream the backlog fills the store',
      next: `see who waits: ${natsCommand(['consumer', 'report'], most.name.stream)}`,
    }),
  ]
}
