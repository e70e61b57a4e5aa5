import type {ZodType} from 'zod'
import {type Answer, answered, unanswered} from '../../domain/answer.ts'
import {inTurns} from '../../domain/in-turns.ts'
import type {NodeSighting} from '../../domain/reports/sightings.ts'
import type {NodeTarget} from '../../domain/settings.ts'
import {messageOf, OpsError} from '../../errors.ts'
import type * as Mapping from '../monitor/mapping.ts'
import type {AskNodes, Endpoint, Parameters} from '../monitor/reports.ts'
import type * as Schemas from '../monitor/schemas.ts'
import type {Monitor} from '../ports.ts'

const ALL = 1_000_000
const JETSTREAM: Parameters = {accounts: true, streams: true, consumers: true, config: true, raft: true, limit: ALL}
const RAFT_CONCURRENCY = 4

/**
 * What the monitoring ports tell, asked through the system account: one request for all nodes, so that one of these is
 * good for one look. A connection that is lost is a problem in the place of each answer. Certificates are not seen.
 */
export function openSystemMonitor(askNodes: AskNodes): Monitor {
  const asked = new Map<string, Promise<readonly NodeSighting<unknown>[]>>()
  const tools = Promise.all([import('../monitor/schemas.ts'), import('../monitor/mapping.ts')])
  tools.catch(() => {})
  const once = (endpoint: Endpoint, parameters: Parameters): Promise<readonly NodeSighting<unknown>[]> => {
    const key = JSON.stringify([endpoint, parameters])
    const found = asked.get(key) ?? askNodes(endpoint, parameters)
    asked.set(key, found)
    return found
  }
  const ask = async <Raw, T>(
    {name}: NodeTarget,
    [endpoint, parameters]: readonly [Endpoint, Parameters],
    schemaOf: (schemas: typeof Schemas) => ZodType<Raw>,
    map: (raw: Raw, mapping: typeof Mapping, untouched: unknown) => T,
  ): Promise<Answer<T>> => {
    const began = Date.now()
    try {
      const sighting = (await once(endpoint, parameters)).find(({node}) => node.name === name)
      const {server, answer} = sighting ?? {server: undefined, answer: unanswered('timeout', 'no answer', began)}
      if (!answer.ok) return answer
      const [schemas, mapping] = await tools
      const checked = schemas.check(schemaOf(schemas), answer.value)
      if ('wrong' in checked) {
        return unanswered('malformed', `the answer is not a NATS server's: ${checked.wrong}`, answer.at)
      }
      return answered(map(checked.value, mapping, answer.value), answer.at, server?.id)
    } catch (error) {
      if (!(error instanceof OpsError)) throw error
      return unanswered('refused', messageOf(error), Date.now())
    }
  }
  const raftOf = (node: NodeTarget, parameters: Parameters) =>
    ask(
      node,
      ['raftz', parameters],
      ({raftz}) => raftz,
      (raw, mapping) => mapping.raftNodes(node.name, raw),
    )
  const accountsOf = (node: NodeTarget) =>
    ask(
      node,
      ['jsz', JETSTREAM],
      ({jszAccounts}) => jszAccounts,
      (raw) => raw.account_details.map(({name, id}) => id ?? name),
    )
  return {
    server: (node) =>
      ask(
        node,
        ['varz', {}],
        ({varz}) => varz,
        (raw, mapping) => mapping.serverInfo(raw),
      ),
    health: (node) =>
      ask(
        node,
        ['healthz', {details: true}],
        ({healthz}) => healthz,
        (raw, mapping, untouched) => {
          const {status_code: code} = untouched as {readonly status_code?: unknown}
          return mapping.healthAnswer(typeof code === 'number' ? code : raw.status === 'ok' ? 200 : 503, raw)
        },
      ),
    jetStream: (node) =>
      ask(
        node,
        ['jsz', JETSTREAM],
        ({jsz}) => jsz,
        (raw, mapping) => mapping.jetStreamInfo(node.name, raw),
      ),
    routes: (node) =>
      ask(
        node,
        ['routez', {}],
        ({routez}) => routez,
        (raw, mapping) => mapping.routes(raw),
      ),
    async raft(node) {
      const [system, accounts] = await Promise.all([raftOf(node, {}), accountsOf(node)])
      if (!system.ok) return system
      if (!accounts.ok) return accounts
      const have = new Set(system.value.map(({account}) => account))
      const wanted = accounts.value.filter((id) => !have.has(id))
      const answers = await inTurns(wanted, RAFT_CONCURRENCY, (acc) => raftOf(node, {acc}))
      const failed = answers.find((answer) => !answer.ok)
      if (failed) return failed
      const groups = [system, ...answers].flatMap((answer) => (answer.ok ? answer.value : []))
      return answered(groups, Date.now(), system.serverId)
    },
    certificateExpiry: async () => undefined,
    close: async () => {},
  }
}
