import type {Clock, NodeReports} from '../../clients/ports.ts'
import {known, unanswered} from '../../domain/answer.ts'
import type {RaftNode} from '../../domain/observation.ts'
import {consumerRows, streamRows} from '../../domain/reports/assets.ts'
import {blindSpots, type Look} from '../../domain/reports/look.ts'
import {
  accountNames,
  accountRows,
  connectionRows,
  countLed,
  mustCountLeaders,
  serverRow,
} from '../../domain/reports/nodes.ts'
import {metaGroupOf, raftRows} from '../../domain/reports/raft.ts'
import type {JetStreamDetail, JetStreamSighting, NodeSighting} from '../../domain/reports/sightings.ts'
import type {Reported, SourceKind} from '../../domain/reports/source.ts'
import {Exit, OpsError} from '../../errors.ts'
import {peerIdOf} from '../observe.ts'
import type {ReportSource} from './report-source.ts'

interface NodesSourceOptions {
  readonly kind: Exclude<SourceKind, 'account'>
  readonly clock: Clock
  /** In words, given how many nodes answered of how many. */
  readonly describe: (answered: number, all: number) => string
  /** What this source can never see, one sentence each. */
  readonly limits: readonly string[]
}

/** Reports from what every node says of itself, over the system account or the monitoring ports: all accounts. */
export function openNodesSource(
  reports: NodeReports,
  {kind, clock, describe, limits}: NodesSourceOptions,
): ReportSource {
  /** Rejects where no node answered at all: a report of nothing would look like an empty cluster. */
  const tell = <Row>(rows: readonly Row[], ...asked: readonly (readonly NodeSighting<unknown>[])[]): Reported<Row> => {
    const sightings = asked.flat()
    const all = new Set(sightings.map(({node}) => node.name))
    const answered = new Set(sightings.flatMap(({node, answer}) => (answer.ok ? [node.name] : [])))
    const blind = blindSpots(sightings)
    if (answered.size === 0) throw nobodyAnswers(kind, [...blind, ...limits])
    return {
      source: {kind, description: describe(answered.size, all.size), cannotSee: [...blind, ...limits]},
      at: clock.now(),
      rows,
    }
  }
  const look = async (detail: JetStreamDetail): Promise<{readonly sightings: JetStream; readonly look: Look}> => {
    const sightings = await reports.jetStream(detail)
    return {sightings, look: lookAt(sightings)}
  }

  return {
    kind,
    async servers() {
      const totals = await reports.jetStream('totals')
      const detailed = mustCountLeaders(totals) ? await reports.jetStream('consumers') : undefined
      const meta = metaGroupOf(lookAt(totals))
      const rows = totals.map((sighting) => {
        const own = known(detailed?.find(({node}) => node.name === sighting.node.name)?.answer)
        const led = own && countLed(sighting.node.name, own)
        return serverRow(sighting, {metaLeader: meta?.leader ?? null, led})
      })
      return {...tell(rows, totals), meta}
    },
    async streams({account, unacknowledged = false} = {}) {
      const seen = await look(unacknowledged ? 'consumers' : 'streams')
      const rows = streamRows(seen.look, {unacknowledged})
      return tell(ofAccount(rows, account, accountsOf(seen.sightings)), seen.sightings)
    },
    async consumers({account, stream} = {}) {
      const seen = await look('consumers')
      const rows = ofAccount(consumerRows(seen.look), account, accountsOf(seen.sightings))
      return tell(stream === undefined ? rows : rows.filter((row) => row.stream === stream), seen.sightings)
    },
    async raftGroups() {
      const sightings = await reports.jetStream('consumers')
      const accounts = new Set(
        sightings.flatMap(({answer}) => (known(answer)?.accounts ?? []).map(({accountId}) => accountId)),
      )
      const [raft, traffic] = await Promise.all([reports.raft([...accounts]), reports.accounts()])
      const names = accountNames(traffic, sightings)
      const rows = raftRows(lookAt(sightings, raft)).map((row) => ({
        ...row,
        account: names.get(row.accountId) ?? row.account,
      }))
      return tell(rows, sightings, raft)
    },
    async connections({account} = {}) {
      const [sightings, traffic, seen] = await Promise.all([
        reports.connections(),
        reports.accounts(),
        reports.jetStream('accounts'),
      ])
      const rows = connectionRows(sightings, accountNames(traffic, seen))
      return tell(ofAccount(rows, account, [...accountsOf(traffic), ...accountsOf(seen)]), sightings)
    },
    async accounts() {
      const [traffic, seen] = await Promise.all([reports.accounts(), look('streams')])
      return tell(accountRows(traffic, seen.sightings, streamRows(seen.look)), traffic, seen.sightings)
    },
  }
}

type JetStream = readonly NodeSighting<JetStreamSighting>[]

function lookAt(sightings: JetStream, raft: readonly NodeSighting<readonly RaftNode[]>[] = []): Look {
  return {
    nodes: sightings.map(({node, answer}) => ({
      target: node,
      peerId: peerIdOf(node.name),
      jetStream: answer,
      raft:
        raft.find((each) => each.node.name === node.name)?.answer ?? unanswered('unsupported', 'not asked', answer.at),
    })),
  }
}

interface AccountName {
  readonly account: string | null
  readonly accountId: string | null
}

/** By name or by id. Rejects an account that no server knows, unless nothing is known at all. */
function ofAccount<Row extends AccountName>(
  rows: readonly Row[],
  wanted: string | undefined,
  known: readonly AccountName[],
): readonly Row[] {
  if (wanted === undefined) return rows
  const isWanted = ({account, accountId}: AccountName): boolean => account === wanted || accountId === wanted
  if (known.length > 0 && !known.some(isWanted)) {
    const names = [...new Set(known.flatMap(({account}) => account ?? []))].sort()
    throw new OpsError(`no server knows an account ${wanted}`, {
      code: 'ACCOUNT_NOT_FOUND',
      exit: Exit.notFound,
      suggestions: [`accounts there are: ${names.join(', ')}`],
    })
  }
  return rows.filter(isWanted)
}

function accountsOf(
  sightings: readonly NodeSighting<readonly AccountName[] | {readonly accounts: readonly AccountName[]}>[],
): readonly AccountName[] {
  return sightings.flatMap(({answer}) => {
    const value = answer.ok ? answer.value : []
    return 'accounts' in value ? value.accounts : value
  })
}

function nobodyAnswers(kind: SourceKind, problems: readonly string[]): OpsError {
  const way = kind === 'system' ? 'through the system account' : 'on its monitoring port'
  return new OpsError([`no node answers ${way}`, ...problems.map((line) => `  ${line}`)], {
    code: 'NO_NODE_ANSWERED',
    exit: Exit.unreachable,
    suggestions: ['check the VPN (Cloudflare WARP) and that the nodes are up: natsops health'],
  })
}
