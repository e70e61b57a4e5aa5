import type {ZodType} from 'zod'
import {type Answer, answered, unanswered} from '../../domain/answer.ts'
import {inTurns} from '../../domain/in-turns.ts'
import type {RaftNode} from '../../domain/observation.ts'
import type {JetStreamDetail, NodeSighting} from '../../domain/reports/sightings.ts'
import type {NodeReports} from '../ports.ts'
import type * as Wire from './report-wire.ts'

export type Endpoint = 'jsz' | 'raftz' | 'connz' | 'accstatz' | 'varz' | 'healthz' | 'routez'
/** Spelled as the monitoring port wants them. */
export type Parameters = Readonly<Record<string, string | number | true>>

/** One endpoint of every node, not looked into yet. */
export type AskNodes = (endpoint: Endpoint, parameters: Parameters) => Promise<readonly NodeSighting<unknown>[]>

/**
 * All accounts, all connections in one answer. Pages of either are of different moments, and 2.10 sorts accounts only
 * from the second page on, so that its pages leave some out; the transport bounds the answer instead.
 */
const ALL = 1_000_000

const JETSTREAM: Readonly<Record<JetStreamDetail, Parameters>> = {
  totals: {raft: true},
  accounts: {accounts: true, limit: ALL},
  streams: {accounts: true, streams: true, config: true, raft: true, limit: ALL},
  consumers: {accounts: true, streams: true, consumers: true, config: true, raft: true, limit: ALL},
}

/** /raftz tells of one account at a time: so many questions are under way at once. */
const RAFT_CONCURRENCY = 4

/** The reports of nodes, whichever way they are asked: what comes back is checked and put in our words here. */
export function openReports(ask: AskNodes): NodeReports {
  /** Loading the schemas takes about as long as the nodes take to answer: both at once. */
  const look = async <Raw, T>(
    endpoint: Endpoint,
    parameters: Parameters,
    schemaOf: (wire: typeof Wire) => ZodType<Raw>,
    map: (raw: Raw, server: string, wire: typeof Wire) => T,
  ): Promise<readonly NodeSighting<T>[]> => {
    const [sightings, wire] = await Promise.all([ask(endpoint, parameters), import('./report-wire.ts')])
    return sightings.map(({node, server, answer}) => {
      const checked = answer.ok ? parse(schemaOf(wire), answer.value, answer.at) : answer
      const name = server?.name ?? node.name
      return {node, server, answer: checked.ok ? {...checked, value: map(checked.value, name, wire)} : checked}
    })
  }
  const raftOf = (account: string | undefined): Promise<readonly NodeSighting<readonly RaftNode[]>[]> =>
    look(
      'raftz',
      account === undefined ? {} : {acc: account},
      (wire) => wire.raftz,
      (raw, server, wire) => wire.raftNodes(server, raw),
    )
  return {
    jetStream: (detail) =>
      look(
        'jsz',
        JETSTREAM[detail],
        (wire) => wire.reportJsz,
        (raw, server, wire) => {
          const sighting = wire.jetStreamSighting(server, raw)
          // Sums without what they sum up are complete all the same.
          return detail === 'totals' || detail === 'accounts' ? {...sighting, complete: true} : sighting
        },
      ),
    raft: async (accounts) => joinByNode(await inTurns([undefined, ...accounts], RAFT_CONCURRENCY, raftOf)),
    connections: () =>
      look(
        'connz',
        {auth: true, limit: ALL},
        (wire) => wire.connz,
        (raw, _server, wire) => wire.connectionsSighting(raw),
      ),
    accounts: () =>
      look(
        'accstatz',
        {unused: 1},
        (wire) => wire.accountStatz,
        (raw, _server, wire) => wire.accountTraffic(raw),
      ),
  }
}

function parse<T>(schema: ZodType<T>, value: unknown, at: number): Answer<T> {
  const result = schema.safeParse(value)
  if (result.success) return answered(result.data, at)
  const [issue] = result.error.issues
  const wrong = `${issue?.path.join('.') || 'the answer'}: ${issue?.message ?? 'is not as expected'}`
  return unanswered('malformed', `the answer is not a NATS server's: ${wrong}`, at)
}

/** Several lists of one node are one; the first problem of a node is its answer. */
function joinByNode(
  asked: readonly (readonly NodeSighting<readonly RaftNode[]>[])[],
): readonly NodeSighting<readonly RaftNode[]>[] {
  const byName = Map.groupBy(asked.flat(), ({node}) => node.name)
  return [...byName.values()].flatMap((sightings) => {
    const [first] = sightings
    if (first === undefined) return []
    const failed = sightings.find(({answer}) => !answer.ok)
    if (failed) return [failed]
    const groups = sightings.flatMap(({answer}) => (answer.ok ? answer.value : []))
    return [{...first, answer: answered(groups, Math.max(...sightings.map(({answer}) => answer.at)))}]
  })
}
